/* The system call filter, which permits what compilers need (calls.h). Mounts, sockets, io_uring, other processes'
   memory, changing the mode of a file by its name, and watching a folder for new names are refused. Calls of newer
   kernels look absent (ENOSYS), so that the C library uses older ones. */
#include "filter.h"
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>

/* From <linux/seccomp.h>, <linux/filter.h> and <linux/audit.h>, which some C libraries do not install. */
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
enum { LOAD = 0x20, AND = 0x54, IF_EQUAL = 0x15, IF_AT_LEAST = 0x35, IF_ANY_BIT = 0x45, GO_ON = 0x05, RETURN = 0x06 };
enum { MODE_FILTER = 2 };
static const uint32_t take = 0x7fff0000, refuse = 0x00050000 | EPERM, lack = 0x00050000 | ENOSYS;

/* A call is permitted (TAKE), refused or absent. Or it is permitted if it concerns only the caller (ITSELF,
   PRIORITY, IO_PRIORITY), makes no namespace (CLONE), makes a pair of stream sockets (PAIR), has one of a few
   arguments (PERSONALITY, IOCTL), has none of a few (FCNTL), or if a process that leaves its group can still be
   killed (GROUP). */
enum verdict { TAKE, REFUSE, ABSENT, ITSELF, PRIORITY, IO_PRIORITY, CLONE, PAIR, PERSONALITY, IOCTL, FCNTL, GROUP };

/* The newest call of Linux 6.18. Calls with higher numbers have not been judged. */
enum { NEWEST = 469 };

/* CLONE_NEWNS, _NEWCGROUP, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID and _NEWNET. */
static const uint32_t new_namespaces = 0x7e020000;
/* None, ADDR_NO_RANDOMIZE, and a query. */
static const uint32_t personalities[] = {0, 0x0040000, 0xffffffff};
/* Requests about terminals, readable bytes, blocking, close-on-exec and copies that share blocks: TCGETS, TCGETS2,
   TIOCGPGRP, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, FICLONE. */
static const uint32_t device_requests[] = {0x5401, 0x802c542a, 0x540f, 0x5413, 0x541b,
                                           0x5421, 0x5450,     0x5451, 0x40049409};
/* Commands that send signals to another process, or watch what others do with a file: F_SETOWN, F_SETSIG,
   F_SETOWN_EX, F_SETLEASE, F_NOTIFY. */
static const uint32_t refused_file_commands[] = {8, 10, 15, 1024, 1026};

struct entry {
  int32_t number;
  enum verdict verdict;
};
struct architecture {
  uint32_t audit;
  const struct entry *entries;
};
enum { ENTRIES = 0
#define CALL(verdict, name, x86_64, i386, arm64, arm) +1
#include "calls.h"
#undef CALL
};

/* 32-bit programs have other numbers. riscv64 has the numbers of arm64. */
#define CALL(verdict, name, x86_64, i386, arm64, arm) {FIRST(x86_64, arm64), verdict},
#if defined __x86_64__
#define FIRST(x86_64, arm64) x86_64
#else
#define FIRST(x86_64, arm64) arm64
#endif
static const struct entry native[ENTRIES] = {
#include "calls.h"
};
#undef CALL
#undef FIRST
#if defined __x86_64__
#define CALL(verdict, name, x86_64, i386, arm64, arm) {i386, verdict},
#else
#define CALL(verdict, name, x86_64, i386, arm64, arm) {arm, verdict},
#endif
static const struct entry narrow[ENTRIES] = {
#include "calls.h"
};
#undef CALL

static const struct architecture architectures[] = {
#if defined __x86_64__
  {0xc000003e, native}, {0x40000003, narrow},
#elif defined __aarch64__
  {0xc00000b7, native}, {0x40000028, narrow},
#elif defined __riscv && __riscv_xlen == 64
  {0xc00000f3, native},
#endif
  {0, narrow},
};

/* A run of consecutive numbers with the same verdict, up to the next run. */
struct run {
  uint32_t first;
  enum verdict verdict;
};
static struct run runs[2 * ENTRIES + 3];
static size_t run_count;

/* The program is made from its end, because jumps only lead forward: what a jump leads to is there when the jump is
   added. The steps fill the end of the array. */
enum { MOST_STEPS = 4096 };
static struct step steps[MOST_STEPS];
static unsigned begin = MOST_STEPS;
/* Where the newest copy of each plain answer is; MOST_STEPS where there is none. */
static unsigned answers[ABSENT + 1];

/* Adds a step before all others; returns where it is. */
static unsigned add(uint16_t code, uint8_t if_so, uint8_t if_not, uint32_t value) {
  if (begin > 0) steps[--begin] = (struct step){code, if_so, if_not, value};
  return begin;
}

/* How many steps after the next one to be added another one is. */
static unsigned distance(unsigned to) {
  return to - begin;
}

/* Goes on at one of two places, which may be far away: a test reaches 255 steps. */
static unsigned add_test(uint16_t code, uint32_t value, unsigned if_so, unsigned if_not) {
  if (distance(if_so) >= UINT8_MAX) if_so = add(GO_ON, 0, 0, distance(if_so));
  if (distance(if_not) > UINT8_MAX) if_not = add(GO_ON, 0, 0, distance(if_not));
  return add(code, (uint8_t)distance(if_so), (uint8_t)distance(if_not), value);
}

static void add_run(uint32_t first, enum verdict verdict) {
  if (run_count == 0 || runs[run_count - 1].verdict != verdict) runs[run_count++] = (struct run){first, verdict};
}

/* Adds a run for numbers that no entry names: from one number to before another. */
static void add_gap(uint32_t from, uint32_t to) {
  if (from < to && from <= NEWEST) add_run(from, REFUSE);
  if (to > NEWEST + 1 && from < to) add_run(from > NEWEST ? from : NEWEST + 1, ABSENT);
}

static void sort_into_runs(const struct entry *entries) {
  struct entry sorted[ENTRIES];
  size_t count = 0;
  for (size_t at = 0; at < ENTRIES; at++) {
    if (entries[at].number < 0) continue;
    size_t to = count++;
    for (; to > 0 && sorted[to - 1].number > entries[at].number; to--) sorted[to] = sorted[to - 1];
    sorted[to] = entries[at];
  }
  uint32_t next = 0;
  run_count = 0;
  for (size_t at = 0; at < count; at++) {
    add_gap(next, (uint32_t)sorted[at].number);
    add_run((uint32_t)sorted[at].number, sorted[at].verdict);
    next = (uint32_t)sorted[at].number + 1;
  }
  add_gap(next, UINT32_MAX);
}

/* Answers one of TAKE, REFUSE and ABSENT; the newest copy is used again where a test may reach it. */
static unsigned answer(enum verdict verdict) {
  static const uint32_t values[] = {[TAKE] = take, [REFUSE] = refuse, [ABSENT] = lack};
  if (answers[verdict] == MOST_STEPS || distance(answers[verdict]) > UINT8_MAX / 2)
    answers[verdict] = add(RETURN, 0, 0, values[verdict]);
  return answers[verdict];
}

/* Loads the lower half of an argument: all arguments that are judged have 32 bits. */
static unsigned load_word(int which) {
  return add(LOAD, 0, 0, (uint32_t)(offsetof(struct call, words) + 8 * (size_t)which));
}

/* Decides by whether an argument is one of some values. */
static unsigned decide(int word, const uint32_t *some, size_t count, enum verdict among, enum verdict otherwise) {
  unsigned next = answer(otherwise), found = answer(among);
  for (size_t at = count; at-- > 0;) next = add_test(IF_EQUAL, some[at], found, next);
  return load_word(word);
}

/* Permits a call only with this first argument and, under the mask, this second one. */
static unsigned take_only(uint32_t first, uint32_t mask, uint32_t second) {
  unsigned no = answer(REFUSE), yes = answer(TAKE);
  add_test(IF_EQUAL, second, yes, no);
  add(AND, 0, 0, mask);
  add_test(IF_EQUAL, first, load_word(1), no);
  return load_word(0);
}

#define SOME(list) list, sizeof(list) / sizeof *(list)

static unsigned add_verdict(enum verdict verdict, int may_leave_group) {
  static const uint32_t itself[] = {0};
  enum { PRIO_IS_PROCESS = 0, IOPRIO_IS_PROCESS = 1, FAMILY_IS_UNIX = 1, KIND = 0xf, STREAM = 1 };
  switch (verdict) {
  case TAKE:
  case REFUSE:
  case ABSENT: return answer(verdict);
  case GROUP: return answer(may_leave_group ? TAKE : REFUSE);
  case ITSELF: return decide(0, SOME(itself), TAKE, REFUSE);
  case PERSONALITY: return decide(0, SOME(personalities), TAKE, REFUSE);
  case IOCTL: return decide(1, SOME(device_requests), TAKE, REFUSE);
  case FCNTL: return decide(1, SOME(refused_file_commands), REFUSE, TAKE);
  case PRIORITY: return take_only(PRIO_IS_PROCESS, UINT32_MAX, 0);
  case IO_PRIORITY: return take_only(IOPRIO_IS_PROCESS, UINT32_MAX, 0);
  case PAIR: return take_only(FAMILY_IS_UNIX, KIND, STREAM);
  case CLONE: break;
  }
  unsigned yes = answer(TAKE);
  add_test(IF_ANY_BIT, new_namespaces, answer(REFUSE), yes);
  return load_word(0);
}

/* Finds the run by binary search. When a filter is installed the kernel runs it for every number, and translates it
   step by step, which costs time for each job. */
static unsigned add_runs(size_t from, size_t to, int may_leave_group) {
  if (to - from == 1) return add_verdict(runs[from].verdict, may_leave_group);
  size_t middle = from + (to - from) / 2;
  unsigned after = add_runs(middle, to, may_leave_group);
  unsigned before = add_runs(from, middle, may_leave_group);
  return add_test(IF_AT_LEAST, runs[middle].first, after, before);
}

/* Answers the calls of one architecture, and goes on after it for others. */
static void add_architecture(const struct architecture *one, int may_leave_group) {
  unsigned others = begin;
  sort_into_runs(one->entries);
  add_runs(0, run_count, may_leave_group);
  unsigned here = add(LOAD, 0, 0, offsetof(struct call, number));
  add_test(IF_EQUAL, one->audit, here, others);
  add(LOAD, 0, 0, offsetof(struct call, architecture));
}

int filter_calls(int may_leave_group) {
  size_t count = 0;
  if (architectures[0].audit == 0) return errno = ENOSYS, 0;
  for (size_t at = 0; at <= ABSENT; at++) answers[at] = MOST_STEPS;
  answer(ABSENT);
  while (architectures[count].audit != 0) count++;
  while (count-- > 0) add_architecture(&architectures[count], may_leave_group);
  struct program program = {(unsigned short)(MOST_STEPS - begin), steps + begin};
  return prctl(PR_SET_SECCOMP, MODE_FILTER, &program, 0, 0) == 0;
}
