/* Starts the programs that the agent asks for, or becomes them, and ends them when the launcher is interrupted. */
#include "launcher.h"
#include <spawn.h>
#include <sys/resource.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

enum { GRACE_S = 2, LOOK_MS = 5 };
#ifndef POSIX_SPAWN_SETSID
#define POSIX_SPAWN_SETSID POSIX_SPAWN_SETPGROUP
#endif

static volatile sig_atomic_t children[2]; /* to be ended by an interrupt: processes, or negative process groups */
static volatile sig_atomic_t came;        /* the signal that interrupted us */
static sigset_t heard;                    /* the signals that can interrupt */

/* Memory that a command needs until the next one arrives. */
static void *held[16];
static size_t holds;

void *hold(void *memory) {
  if (holds < sizeof held / sizeof *held) return held[holds++] = memory;
  free(memory);
  return NULL;
}

void release_held(void) {
  while (holds > 0) free(held[--holds]);
}

/* A new list: one or two words, then those of another list. */
char **in_front(const char *first, const char *second, char **rest) {
  size_t count = 0, at = 0;
  while (rest[count] != NULL) count++;
  char **list = hold(calloc(count + 3, sizeof *list));
  if (list == NULL) return NULL;
  list[at++] = (char *)(uintptr_t)first;
  if (second != NULL) list[at++] = (char *)(uintptr_t)second;
  memcpy(list + at, rest, count * sizeof *list);
  return list;
}

/* Our environment with a command's changes. */
static char **environment_for(char **changes) {
  size_t count = 0, more = 0, at = 0;
  while (environ[count] != NULL) count++;
  while (changes[more] != NULL) more++;
  char **list = hold(calloc(count + more + 1, sizeof *list));
  if (list == NULL) return NULL;
  for (char **variable = environ; *variable != NULL; variable++) {
    size_t length = strcspn(*variable, "=");
    char **change = changes;
    while (*change != NULL && (strcspn(*change, "=") != length || strncmp(*change, *variable, length) != 0)) change++;
    if (*change == NULL) list[at++] = *variable;
  }
  for (char **change = changes; *change != NULL; change++)
    if (strchr(*change, '=') != NULL) list[at++] = *change;
  return list;
}

/* The command for a script without an interpreter line: sh runs it, as in execvp(3). */
static char **for_shell(const struct command *command) {
  return in_front("sh", command->program.path, command->argv + 1);
}

/* Finds the program in the PATH of its environment. A program found after skipping a link to distcc gets its path as
   argv[0]: gcc looks for its parts beside the first file in PATH with the name in argv[0]. Returns the environment,
   or NULL with errno. */
static char **prepare(struct command *command) {
  char **environment = environment_for(command->changes);
  int found =
      environment == NULL ? 0 : find_program(command->argv[0], variable_in(environment, "PATH"), &command->program);
  if (found == 2) command->argv = in_front(command->program.path, NULL, command->argv + 1);
  return found == 0 || command->argv == NULL ? NULL : environment;
}

/* Becomes the program, or returns with errno. */
void become(struct command *command) {
  char **environment = prepare(command), **argv;
  if (environment == NULL) return;
  execve(command->program.path, command->argv, environment);
  if (errno == ENOEXEC && (argv = for_shell(command)) != NULL) execve("/bin/sh", argv, environment);
}

/* Connects stdin, stdout and stderr of a program. -1 means /dev/null for stdin, and our own for the others. */
static int connect_streams(posix_spawn_file_actions_t *actions, const int *streams) {
  int error = streams[0] < 0 ? posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0) : 0;
  for (int fd = 0; error == 0 && fd < 3; fd++)
    if (streams[fd] >= 0) error = posix_spawn_file_actions_adddup2(actions, streams[fd], fd);
  return error;
}

/* Starts the program, with our own stdin, stdout and stderr unless it is given others. Returns errno. Not by fork,
   since copying the process would cost more than everything else here. */
int start(struct command *command, const int *streams, enum child which) {
  pid_t pid;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t before;
  char **environment = prepare(command), **argv;
  if (environment == NULL) return errno;
  int group = command->number != 0, error = posix_spawn_file_actions_init(&actions);
  if (error != 0 || (error = posix_spawnattr_init(&attributes)) != 0) return error;
  if (streams != NULL) error = connect_streams(&actions, streams);
  sigprocmask(SIG_BLOCK, &heard, &before);
  posix_spawnattr_setsigdefault(&attributes, &heard);
  posix_spawnattr_setsigmask(&attributes, &before);
  int own = command->number == APART ? POSIX_SPAWN_SETSID : group ? POSIX_SPAWN_SETPGROUP : 0;
  posix_spawnattr_setflags(&attributes, (short)(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | own));
  const char *path = command->program.path;
  if (error == 0) error = posix_spawn(&pid, path, &actions, &attributes, command->argv, environment);
  if (error == ENOEXEC && (argv = for_shell(command)) != NULL)
    error = posix_spawn(&pid, "/bin/sh", &actions, &attributes, argv, environment);
  if (error == 0) children[which] = group ? -pid : pid;
  sigprocmask(SIG_SETMASK, &before, NULL);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error;
}

/* A descriptor that becomes readable when the program ends, or -1 where the system has none. */
int watch_program(void) {
#ifdef SYS_pidfd_open
  return (int)syscall(SYS_pidfd_open, abs((int)children[PROGRAM]), 0);
#else
  return -1;
#endif
}

/* The wait status of the program. After an interrupt this process dies here. */
int wait_for_program(void) {
  siginfo_t ended;
  int status = 0;
  pid_t pid = abs((int)children[PROGRAM]);
  waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT);
  children[PROGRAM] = 0; /* before another process can get its number */
  waitpid(pid, &status, 0);
  if (came != 0) die_by(came);
  return status;
}

/* Ends ssh; when it has its own session, also what it started. After a complete answer it is left alone, since it
   may be the master of shared connections. */
void leave_ssh(int broken) {
  siginfo_t ended;
  pid_t process = (pid_t)children[SSH], pid = abs(process);
  if (process == 0) return;
  int left_ms = broken && kill(process, SIGTERM) == 0 ? GRACE_S * 1000 : 0;
  for (;; left_ms -= LOOK_MS) {
    memset(&ended, 0, sizeof ended);
    if (waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT | WNOHANG) != 0 || ended.si_pid != 0 || left_ms <= 0) break;
    if (left_ms == LOOK_MS) kill(process, SIGKILL);
    poll(NULL, 0, LOOK_MS);
  }
  children[SSH] = 0;
  waitpid(pid, NULL, WNOHANG);
}

void die_by(int number) {
  sigset_t only;
  const char *name = unfinished;
  if (name != NULL) unlink(name);
  sigemptyset(&only);
  sigaddset(&only, number);
  signal(number, SIG_DFL);
  raise(number);
  sigprocmask(SIG_UNBLOCK, &only, NULL);
}

/* Ends in the same way as another process. */
_Noreturn void end_like(int status) {
  if (WIFEXITED(status)) exit(WEXITSTATUS(status));
  setrlimit(RLIMIT_CORE, &(const struct rlimit){0, 0});
  die_by(WTERMSIG(status));
  exit(128 + WTERMSIG(status));
}

/* Lets what we started clean up first, and dies when it has ended; ssh is not waited for. A second signal, or a time
   limit, kills it. */
static void end_with_children(int number) {
  for (int which = 0; which < 2; which++)
    if (children[which] != 0) kill((pid_t)children[which], came == 0 ? SIGTERM : SIGKILL);
  if (children[PROGRAM] == 0) die_by(came == 0 ? number : came);
  if (came != 0) return;
  came = number;
  alarm(GRACE_S);
}

/* The handler of SIGXFSZ and SIGPIPE: a file over the limit, and a host that has closed, shall only be errors of
   write(2), so that we can clean up and report. A handler, unlike an ignored signal, is not inherited by programs
   that we start or become. */
static void go_on(int number) {
  (void)number;
}

/* Sets up signals. Those that the caller ignores, as under nohup, stay ignored, except SIGALRM and SIGCHLD, which we
   need. */
void watch_signals(void) {
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGXFSZ, SIGPIPE};
  sigemptyset(&heard);
  for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at++) {
    struct sigaction now;
    if (sigaction(numbers[at], NULL, &now) != 0 || (now.sa_handler == SIG_IGN && numbers[at] != SIGALRM)) continue;
    int lives_on = numbers[at] == SIGXFSZ || numbers[at] == SIGPIPE;
    now.sa_handler = lives_on ? go_on : end_with_children;
    now.sa_flags = SA_RESTART | SA_NODEFER;
    sigaction(numbers[at], &now, NULL);
    if (!lives_on) sigaddset(&heard, numbers[at]);
  }
  signal(SIGCHLD, SIG_DFL);
}
