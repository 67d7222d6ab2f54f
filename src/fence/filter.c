/* What Landlock does not cover, could do harm, and no compiler needs: the mode of a file by its name, limits, priority and processors of
   another process, hearing which names appear in a folder, and talking to this machine's services by Unix sockets. */
#include "filter.h"
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>

/* From <linux/seccomp.h>, <linux/filter.h> and <linux/audit.h>, which not every C library's headers have. */
struct call {
  int32_t number;
  uint32_t architecture;
  uint64_t instruction, words[6];
};
struct step {
  uint16_t code;
  uint8_t if_so, if_not;
  uint32_t value;
};
struct program {
  unsigned short length;
  struct step *steps;
};
enum { LOAD = 0x20, AND = 0x54, IF_EQUAL = 0x15, GO_ON = 0x05, RETURN = 0x06 };
enum { MODE_FILTER = 2 };
static const uint32_t take = 0x7fff0000, refuse = 0x00050000 | EPERM;

/* A call is refused always; or unless its first word is 0, which means the caller; or unless its first two are a given one and 0; or only if
   the first is the given one. */
enum unless { NEVER, ITSELF, ITSELF_OF_KIND, OTHER_KIND };
struct rule {
  uint32_t number;
  enum unless unless;
  uint32_t kind;
};

enum { PRIO_IS_PROCESS = 0, IOPRIO_IS_PROCESS = 1, FAMILY_IS_UNIX = 1, CALL_IS_SOCKET = 1 };

/* chmod, fchmodat, fchmodat2, inotify_add_watch, prlimit64, sched_setparam, _setscheduler, _setaffinity, _setattr, setpriority, ioprio_set,
   socket, and socketcall where there is such. */
#define RULES(chmod, fchmodat, watch, prlimit, param, scheduler, affinity, attr, priority, ioprio, socket, socketcall)                      \
  {{chmod, NEVER, 0}, {fchmodat, NEVER, 0}, {452, NEVER, 0}, {watch, NEVER, 0}, {prlimit, ITSELF, 0}, {param, ITSELF, 0},                   \
   {scheduler, ITSELF, 0}, {affinity, ITSELF, 0}, {attr, ITSELF, 0}, {priority, ITSELF_OF_KIND, PRIO_IS_PROCESS},                           \
   {ioprio, ITSELF_OF_KIND, IOPRIO_IS_PROCESS}, {socket, OTHER_KIND, FAMILY_IS_UNIX}, {socketcall, OTHER_KIND, CALL_IS_SOCKET}}

struct architecture {
  uint32_t audit;
  struct rule rules[13];
};

/* A processor's programs of 32 bits have numbers of their own. */
static const struct architecture architectures[] = {
#if defined __x86_64__
  {0xc000003e, RULES(90, 268, 254, 302, 142, 144, 203, 314, 141, 251, 41, 41)},
  {0x40000003, RULES(15, 306, 292, 340, 154, 156, 241, 351, 97, 289, 359, 102)},
#elif defined __aarch64__
  /* It has no chmod. */
  {0xc00000b7, RULES(53, 53, 27, 261, 118, 119, 122, 274, 140, 30, 198, 198)},
  {0x40000028, RULES(15, 333, 317, 369, 154, 156, 241, 380, 97, 314, 281, 281)},
#endif
  {0, {{0, NEVER, 0}}},
};

static struct step steps[192];
static unsigned short length;

static void add(uint16_t code, uint8_t if_so, uint8_t if_not, uint32_t value) {
  steps[length++] = (struct step){code, if_so, if_not, value};
}

/* The lower half, as all these words have 32 bits. */
static void load_word(int which) {
  add(LOAD, 0, 0, (uint32_t)(offsetof(struct call, words) + 8 * (size_t)which));
}

/* With the call's number loaded. */
static void add_rule(const struct rule *rule) {
  static const uint8_t lengths[] = {[NEVER] = 1, [ITSELF] = 4, [ITSELF_OF_KIND] = 6, [OTHER_KIND] = 4};
  add(IF_EQUAL, 0, lengths[rule->unless], rule->number);
  if (rule->unless == ITSELF_OF_KIND) {
    load_word(0);
    add(IF_EQUAL, 0, 3, rule->kind);
  }
  if (rule->unless == OTHER_KIND) {
    load_word(0);
    add(IF_EQUAL, 1, 0, rule->kind);
    add(RETURN, 0, 0, take);
  } else if (rule->unless != NEVER) {
    load_word(rule->unless == ITSELF ? 0 : 1);
    add(IF_EQUAL, 0, 1, 0);
    add(RETURN, 0, 0, take);
  }
  add(RETURN, 0, 0, refuse);
}

static void add_architecture(const struct architecture *one) {
  add(LOAD, 0, 0, offsetof(struct call, architecture));
  add(IF_EQUAL, 1, 0, one->audit);
  unsigned short over = length;
  add(GO_ON, 0, 0, 0);
  add(LOAD, 0, 0, offsetof(struct call, number));
  /* x32's numbers are those of x86-64 with a bit more. */
  add(AND, 0, 0, ~0x40000000U);
  for (size_t at = 0; at < sizeof one->rules / sizeof *one->rules; at++) add_rule(&one->rules[at]);
  add(RETURN, 0, 0, take);
  steps[over].value = (uint32_t)(length - over - 1);
}

int filter_calls(void) {
  for (const struct architecture *one = architectures; one->audit != 0; one++) add_architecture(one);
  add(RETURN, 0, 0, take);
  struct program program = {length, steps};
  return prctl(PR_SET_SECCOMP, MODE_FILTER, &program, 0, 0) == 0;
}
