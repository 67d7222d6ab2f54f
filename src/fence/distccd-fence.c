/* distccd-fence [--daemon PID] [--in DIRECTORY] ROOT COUNT [PATH...] PROGRAM ARGV0 [WORD...]: runs a compiler that gets
   at nothing but itself and its job, and ends with its daemon.

   distccd starts it in the job's folder, TMPDIR/SPOOL/JOB. With a folder as ROOT the compiler has namespaces of its
   own, and a root in which there are the folder's files, the COUNT named paths and its job's folder. It works there in
   DIRECTORY, else in its job's folder, and ends with all that it has started. With "-" as ROOT, where the kernel gives
   no namespaces, Landlock keeps it from all below TMPDIR but its own folder and the named paths. All jobs run as one
   account, so that file modes keep nobody out. Either way it may not signal or trace a process that is not its own,
   nor gain rights by a program, nor fill the disk with one file, and a filter leaves it only the system calls that
   compilers need (seccomp(2)). "--check" as the only word tells by exit status 1 that this kernel has no Landlock, by 2
   that it takes no filter. */
#define _GNU_SOURCE 1
#include "fail.h"
#include "family.h"
#include "filter.h"
#include "landlock.h"
#include "root.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

/* Has the kernel end this process with the thread that started it: the daemon's first, which lives as long as the
   daemon. A daemon that was killed cannot end its jobs itself. */
static void end_with_daemon(const char *daemon) {
  char number[24];
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  /* It may have ended before. */
  snprintf(number, sizeof number, "%ld", (long)getppid());
  if (daemon != NULL && strcmp(daemon, number) != 0) _exit(GENERAL);
}

/* Takes an option and its value from the words; NULL when it does not come next. */
static const char *take_option(const char *name, int *argc, char ***argv) {
  if (*argc < 3 || strcmp((*argv)[1], name) != 0) return NULL;
  *argc -= 2;
  *argv += 2;
  return (*argv)[0];
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
  end_with_daemon(take_option("--daemon", &argc, &argv));
  int version = landlock_version();
  if (argc == 2 && strcmp(argv[1], "--check") == 0) return check(version);
  const char *elsewhere = take_option("--in", &argc, &argv);
  const char *directory = elsewhere == NULL ? JOB_FOLDER : elsewhere;
  char *end = NULL;
  long count = argc < 3 ? -1 : strtol(argv[2], &end, 10);
  if (count < 0 || count > argc - 5 || *end != '\0' || directory[0] != '/' ||
      (argv[1][0] != '/' && (strcmp(argv[1], "-") != 0 || elsewhere != NULL))) {
    fprintf(stderr, "distccd-fence: distccd starts this, with [--daemon PID] [--in DIRECTORY] ROOT COUNT [PATH...] "
                    "PROGRAM ARGV0 [WORD...]\n");
    return BAD_ARGUMENTS;
  }
  char *root = argv[1], **paths = argv + 3, **program = paths + count;
  limit(RLIMIT_FSIZE, longest_file);
  limit(RLIMIT_CORE, 0);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(GENERAL, "cannot fence off", "the job");
  if (root[0] == '/') {
    begin_family();
    become_root(root, paths, count, directory);
    if (version >= 1) keep_to_root(version, JOB_FOLDER);
    keep_to_calls(1);
    run_in_family(program[0], program + 1);
  }
  if (version >= 1) keep_to_job(version, paths, count);
  keep_to_calls(0);
  execv(program[0], program + 1);
  fail(COMPILER_MISSING, "failed to exec", program[1]);
}
