/* The processes of one job. The kernel kills a whole PID namespace when its first process ends, whatever sessions
   and groups the others have made. The first process is this helper and not the compiler, because a first process
   only gets signals that it has handlers for, and compilers have none. */
#define _GNU_SOURCE 1
#include "family.h"
#include "fail.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The compiler's wait status, shared by the first process, which waits for it; below 0 until the compiler has ended. */
static volatile int *ended;
static volatile pid_t first;
static const int stops[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
static volatile sig_atomic_t stopped;

static void stop(int number) {
  stopped = number;
  kill(first, SIGKILL);
}

/* Ends this process in the same way as another one. */
_Noreturn static void end_like(int status) {
  if (WIFEXITED(status)) _exit(WEXITSTATUS(status));
  int number = WTERMSIG(status);
  sigset_t none;
  sigemptyset(&none);
  signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  raise(number);
  _exit(128 + number);
}

_Noreturn static void wait_outside(const sigset_t *before) {
  struct sigaction action = {.sa_handler = stop};
  for (size_t at = 0; at < sizeof stops / sizeof *stops; at++) sigaction(stops[at], &action, NULL);
  sigprocmask(SIG_SETMASK, before, NULL);
  int status;
  while (waitpid(first, &status, 0) < 0)
    if (errno != EINTR) fail(GENERAL, "cannot wait for", "the compiler");
  if (*ended >= 0) end_like(*ended);
  if (stopped) end_like(stopped);
  end_like(status);
}

/* Like fork, but the child has namespaces of its own. */
static pid_t in_namespaces(int flags) {
  return (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
}

/* Has the kernel end this process, and with it its namespace, with the one outside. That one may have ended already,
   which its process id would not show in here, but the pipe whose one end it alone holds. */
static void end_with_outside(int outside) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  struct pollfd watched = {.fd = outside};
  if (poll(&watched, 1, 0) != 0) _exit(GENERAL);
  close(outside);
}

void begin_family(void) {
  int outside[2];
  if (pipe2(outside, O_CLOEXEC) != 0) fail(GENERAL, "cannot fence off", "the job");
  ended = mmap(NULL, sizeof *ended, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (ended == MAP_FAILED) fail(GENERAL, "cannot fence off", "the job");
  *ended = -1;
  sigset_t held, before;
  sigemptyset(&held);
  for (size_t at = 0; at < sizeof stops / sizeof *stops; at++) sigaddset(&held, stops[at]);
  sigprocmask(SIG_BLOCK, &held, &before);
  first = in_namespaces(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS);
  /* A unit may permit only these namespaces. The others do not matter, because the filter permits none of their
     calls. */
  if (first < 0 && errno == EPERM) first = in_namespaces(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID);
  if (first < 0) fail(GENERAL, "cannot make namespaces for", "the job");
  if (first > 0) wait_outside(&before);
  close(outside[1]);
  end_with_outside(outside[0]);
  sigprocmask(SIG_SETMASK, &before, NULL);
}

_Noreturn void run_in_family(const char *path, char **argv) {
  pid_t compiler = vfork();
  if (compiler == 0) {
    execv(path, argv);
    fail(COMPILER_MISSING, "failed to exec", argv[0]);
  }
  if (compiler < 0) fail(GENERAL, "cannot start", argv[0]);
  int status;
  for (pid_t found; (found = wait(&status)) != compiler;)
    if (found < 0 && errno != EINTR) fail(GENERAL, "cannot wait for", argv[0]);
  *ended = status;
  _exit(0);
}
