/* Where an answer of a host ends. This is all that the launcher knows of the protocol. */
#include "launcher.h"

enum { TOKEN = 12 };

/* What a token has after it, and whether it ends a part that the agent reads. */
struct meaning {
  char name[5];
  unsigned char has_bytes, ends;
};

enum { NEVER, AT_OBJECT, AT_DEPENDENCIES, ALWAYS };

static const struct meaning meanings[] = {
    {"KEPT", 0, NEVER},  {"DONE", 0, NEVER},     {"STAT", 0, NEVER},           {"SERR", 1, NEVER},  {"SOUT", 1, NEVER},
    {"DOTO", 1, AT_OBJECT}, {"DOTD", 1, AT_DEPENDENCIES}, {"WELC", 1, ALWAYS}, {"NEED", 1, ALWAYS}, {"CAPS", 1, ALWAYS},
};

/* How far the answer has been understood: where the next token begins, whether that was the last one, where the
   object ends, 0 while that is not known, and how long the dependency file is, NOT_KNOWN likewise. */
static size_t next_token, object_end;
static uint32_t dependencies;
static int last_token;

void begin_answer(void) {
  next_token = object_end = 0;
  dependencies = NOT_KNOWN;
  last_token = 0;
}

uint32_t length_of_dependencies(void) {
  return dependencies;
}

/* Reads a token: its meaning, and a number of eight hexadecimal digits. NULL for anything else, and for more bytes
   than an answer has. */
static const struct meaning *read_token(const char *token, size_t *number) {
  size_t at = 0, count = sizeof meanings / sizeof *meanings;
  while (at < count && strncmp(token, meanings[at].name, 4) != 0) at++;
  if (at == count || strspn(token + 4, "0123456789abcdefABCDEF") != 8) return NULL;
  *number = strtoul(token + 4, NULL, 16);
  return *number <= LARGEST_ANSWER ? &meanings[at] : NULL;
}

/* Whether this many bytes are a whole answer that ends as the agent expects. Anything else counts as whole too, since
   more bytes would not make it an answer: the agent finds out what it is. */
int is_whole(size_t come, enum ending ending) {
  char token[TOKEN + 1] = "";
  size_t number;
  while (!last_token && come >= next_token + TOKEN &&
         pread(memories.answer, token, TOKEN, (off_t)next_token) == TOKEN) {
    const struct meaning *meaning = read_token(token, &number);
    if (meaning == NULL) return 1;
    next_token += TOKEN + (meaning->has_bytes ? number : 0);
    if (meaning->ends == AT_OBJECT) object_end = next_token;
    if (meaning->ends == AT_DEPENDENCIES) dependencies = (uint32_t)number;
    last_token = meaning->ends == ALWAYS || (meaning->ends == AT_OBJECT && ending == WITH_OBJECT) ||
                 (meaning->ends == AT_DEPENDENCIES && ending == WITH_DEPENDENCIES);
  }
  return last_token && come >= next_token;
}

/* Whether the host has asked for something in place of an answer, and waits. */
int is_question(void) {
  char name[5] = "";
  return pread(memories.answer, name, 4, 0) == 4 && (strcmp(name, "WELC") == 0 || strcmp(name, "NEED") == 0);
}

/* Whether all but an offer has come, for which nobody waits long. A part of the offer may have come. */
int lacks_offer_only(size_t come, enum ending ending) {
  return ending == WITH_OFFER && object_end > 0 && come >= object_end;
}

/* Takes a part of an offer away from the answer. Returns errno or 0. */
int drop_offer(void) {
  return ftruncate(memories.answer, (off_t)object_end) == 0 ? 0 : errno;
}
