/* What happens without any agent: the launcher becomes the compiler. */
#include "launcher.h"

static const char guard[] = "_DISTCC_SAFEGUARD";

/* How many distccs have called each other above this one. */
static long level(void) {
  const char *text = getenv(guard);
  char *end = NULL;
  long value = text == NULL ? 0 : strtol(text, &end, 10);
  return text != NULL && (*text == '\0' || *end != '\0' || value < 0) ? 1 : value;
}

/* Whether a first word cannot be a compiler, so that the compiler has been left out.
   src/compiler/names/source-name.ts has the same names. */
static int is_argument(const char *word) {
  static const char *const files[] = {".C", ".M", ".c", ".c++", ".cc", ".cp", ".cpp", ".cxx", ".i",
                                      ".ii", ".m", ".mi", ".mii", ".mm", ".o"};
  const char *dot = strrchr(word, '.');
  int found = word[0] == '-';
  for (size_t at = 0; !found && dot != NULL && at < sizeof files / sizeof *files; at++)
    found = strcmp(dot, files[at]) == 0;
  return found;
}

/* The compiler's command: the words after "distcc", or all words when called by a compiler's name; "cc" when the
   compiler was left out. */
static char **compiler_words(void) {
  char *name = strrchr(own_words[0], '/');
  name = name == NULL ? own_words[0] : name + 1;
  if (strstr(name, "distcc") == NULL) return in_front(name, NULL, own_words + 1);
  if (own_words[1] == NULL) return NULL;
  return is_argument(own_words[1]) ? in_front("cc", NULL, own_words + 1) : own_words + 1;
}

/* Becomes the compiler, for the reason `why`. Exits with 110 when it does not exist, and with 111 when distcc would
   call itself for ever. */
_Noreturn void compile_alone(const char *why) {
  char *number;
  const char *called = own_words[0];
  if (says("DISTCC_VERBOSE", "1")) fprintf(stderr, "distcc[%d] running locally: %s\n", (int)getpid(), why);
  if (level() > 1) {
    fprintf(stderr, "distcc[%d] CRITICAL! distcc seems to have invoked itself recursively!\n", (int)getpid());
    exit(111);
  }
  struct command command;
  memset(&command, 0, sizeof command);
  char *none[] = {NULL, NULL};
  if (asprintf(&number, "%s=%ld", guard, level() + 1) > 0) none[0] = number;
  command.changes = none;
  command.argv = compiler_words();
  if (command.argv == NULL) {
    fprintf(stderr, "%s: missing option/operand\nTry `%s --help' for more information.\n", called, called);
    exit(101);
  }
  become(&command);
  fprintf(stderr, "distcc[%d] ERROR: failed to exec %s: %s\n", (int)getpid(), command.argv[0], strerror(errno));
  exit(110);
}
