/* Says which system calls a filter refuses, without making any.
     walk-calls mark PROGRAM [WORD...]  runs a program with a filter of its own under all that come later: a call whose
                                        last word is the mark ends with MARKED there, unless a later filter refuses it
     walk-calls native|narrow           as that program, or below it: each number with what came of it: taken, refused,
                                        absent
     walk-calls one NUMBER [WORD...]    the same for one call with these words, native */
#define _GNU_SOURCE 1
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MARK = 0x5eccc0de, MARKED = 777, NUMBERS = 1024 };

/* uretprobe and uprobe of x86-64: the kernel makes them past every filter, from code of its own, and ends a process
   that makes them elsewhere. */
#if defined __x86_64__
enum { FIRST_PROBE = 335, LAST_PROBE = 336 };
#else
enum { FIRST_PROBE = 1, LAST_PROBE = 0 };
#endif

static int mark(char **program) {
  struct sock_filter steps[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MARK, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | MARKED),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof steps / sizeof *steps, steps};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    return 126;
  execv(program[0], program);
  return 127;
}

static long native(long number, const long *words) {
  return syscall(number, words[0], words[1], words[2], words[3], words[4], (long)MARK) < 0 ? errno : 0;
}

#if defined __x86_64__
static long narrow(long number, const long *words) {
  long result;
  (void)words;
  /* The sixth word is in the frame pointer. */
  __asm__ volatile("push %%rbp; mov %1, %%ebp; int $0x80; pop %%rbp"
                   : "=a"(result)
                   : "r"(MARK), "a"(number), "b"(0), "c"(0), "d"(0), "S"(0), "D"(0)
                   : "memory", "r8", "r9", "r10", "r11");
  return -(int)result;
}
#else
static long narrow(long number, const long *words) {
  (void)number, (void)words;
  return MARKED;
}
#endif

static const char *name(long outcome) {
  return outcome == MARKED ? "taken" : outcome == EPERM ? "refused" : outcome == ENOSYS ? "absent" : "made";
}

int main(int argc, char **argv) {
  long words[5] = {0};
  if (argc > 2 && strcmp(argv[1], "mark") == 0) return mark(argv + 2);
  if (argc > 2 && strcmp(argv[1], "one") == 0) {
    for (int at = 3; at < argc && at < 8; at++) words[at - 3] = strtol(argv[at], NULL, 0);
    return puts(name(native(strtol(argv[2], NULL, 0), words))) < 0;
  }
  if (argc != 2) return 125;
  long (*call)(long, const long *) = strcmp(argv[1], "narrow") == 0 ? narrow : native;
  for (long number = 0; number < NUMBERS; number++)
    if (call == narrow || number < FIRST_PROBE || number > LAST_PROBE)
      printf("%ld %s\n", number, name(call(number, words)));
  return 0;
}
