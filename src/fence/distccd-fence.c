/* distccd-fence ROOT COUNT [PATH...] PROGRAM ARGV0 [WORD...]: runs a compiler that can reach nothing but itself and
   its job.

   distccd starts it in the job's folder, TMPDIR/SPOOL/JOB. With a folder as ROOT the compiler has its own
   namespaces, and a root that holds the COUNT named paths and its job's folder; everything that it has started ends
   with it. With "-" as ROOT, where the kernel permits no namespaces, Landlock denies it everything below TMPDIR
   except its own folder and the named paths. All jobs run as one account, so file modes do not separate them. In
   both cases it may not signal or trace other processes, gain rights by running a program, or fill the disk with one
   file, and a filter permits only the system calls that compilers need (seccomp(2)). With "--check" as the only word
   it exits with 1 when this kernel has no Landlock, and with 2 when it has no filters. */
#define _GNU_SOURCE 1
#include "fail.h"
#include "family.h"
#include "filter.h"
#include "landlock.h"
#include "root.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Twice the size of the largest object that a client may get. */
static const rlim_t longest_file = 1 << 30;

_Noreturn void fail(int status, const char *what, const char *whom) {
  /* Not with stdio, because the child of a vfork may call this. */
  dprintf(2, "distccd[%ld] ERROR: %s %s: %s\n", (long)getpid(), what, whom, strerror(errno));
  _exit(status);
}

static void limit(__typeof__(RLIMIT_CORE) resource, rlim_t most) {
  struct rlimit now;
  if (getrlimit(resource, &now) != 0) return;
  if (now.rlim_max > most) now.rlim_max = most;
  if (now.rlim_cur > now.rlim_max) now.rlim_cur = now.rlim_max;
  setrlimit(resource, &now);
}

static void keep_to_calls(int may_leave_group) {
  if (filter_calls(may_leave_group) || errno == EINVAL || errno == ENOSYS) return;
  fail(GENERAL, "cannot fence off", "the job");
}

/* Runs inside the fence: checks that compilers could still read /usr/bin, and reports what the kernel lacks. */
static int check(int version) {
  if (open("/usr/bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0) fail(GENERAL, "cannot list", "/usr/bin");
  if (version < 1) return 1;
  if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 2) return 2;
  return 0;
}

int main(int argc, char **argv) {
  int version = landlock_version();
  if (argc == 2 && strcmp(argv[1], "--check") == 0) return check(version);
  char *end = NULL;
  long count = argc < 3 ? -1 : strtol(argv[2], &end, 10);
  if (count < 0 || count > argc - 5 || *end != '\0' || (argv[1][0] != '/' && strcmp(argv[1], "-") != 0)) {
    fprintf(stderr, "distccd-fence: distccd starts this, with ROOT COUNT [PATH...] PROGRAM ARGV0 [WORD...]\n");
    return BAD_ARGUMENTS;
  }
  char *root = argv[1], **paths = argv + 3, **program = paths + count;
  limit(RLIMIT_FSIZE, longest_file);
  limit(RLIMIT_CORE, 0);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(GENERAL, "cannot fence off", "the job");
  if (root[0] == '/') {
    begin_family();
    become_root(root, paths, count);
    if (version >= 1) keep_to_root(version, JOB_FOLDER);
    keep_to_calls(1);
    run_in_family(program[0], program + 1);
  }
  if (version >= 1) keep_to_job(version, paths, count);
  keep_to_calls(0);
  execv(program[0], program + 1);
  fail(COMPILER_MISSING, "failed to exec", program[1]);
}
