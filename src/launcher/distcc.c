/* distcc: hands a compile to the user's agent and obeys it. It starts in a millisecond, which no Node program does.

   What it says to the agent and what it is told stand in src/client/agent/messages.ts. It never decides anything about a
   compile: when no agent can be had, or the agent dies or no longer answers, it becomes the Node program distcc-node, which
   does the same work alone. When it is interrupted it ends what it has started and dies, and the agent notices by the
   connection that closes. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __FreeBSD__
#include <sys/sysctl.h>
#else
#include <sys/syscall.h>
#endif

#ifndef AGENT_VERSION
#define AGENT_VERSION "unknown"
#endif
#ifndef NODE
#define NODE "node"
#endif
/* After so many silent seconds we look whether the agent lives, and so long may its answer take. */
#ifndef QUIET_S
#define QUIET_S 5
#endif

/* The kinds of messages, as in messages.ts. */
enum { JOB = 1, ENDED = 2, FAILED = 3, TEXT = 4, ASK = 5, WRITE = 16, PREPROCESS = 17, RUN = 18, EXEC = 19, EXIT = 20, NODE_INSTEAD = 21, REPORT = 22, SEND_TEXT = 23 };
enum { HEADER = 8, LONGEST = 64 * 1024 * 1024, START_MS = 5000, RETRY_MS = 10, SULK_S = 10, GRACE_S = 2 };

extern char **environ;
static char **words;                  /* our own argv */
static char folder[PATH_MAX];         /* where the agent's socket is */
static struct sockaddr_un place;      /* the socket itself */
static struct sockaddr_un door;       /* systemd's, in the same folder: it starts an agent for whoever connects */
static int text = -1;                 /* what the preprocessor wrote */
static volatile sig_atomic_t child;   /* what an interrupt ends with us: a process, or minus a process group */
static volatile sig_atomic_t came;    /* the signal that interrupts us */

static void put32(unsigned char *at, uint32_t value) {
  for (int byte = 0; byte < 4; byte++) at[byte] = (unsigned char)(value >> (8 * byte));
}

static uint32_t get32(const unsigned char *at) {
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* A list with one or two words before the words of another. */
static char **in_front(const char *first, const char *second, char **rest) {
  size_t count = 0, at = 0;
  while (rest[count] != NULL) count++;
  char **list = calloc(count + 3, sizeof *list);
  if (list == NULL) return NULL;
  list[at++] = (char *)(uintptr_t)first;
  if (second != NULL) list[at++] = (char *)(uintptr_t)second;
  memcpy(list + at, rest, count * sizeof *list);
  return list;
}

/* ---- the Node program in our place ---- */

/* The absolute path of a program that is installed beside this one. */
static int beside(const char *name, char *path) {
#ifdef __FreeBSD__
  int which[] = {CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1};
  size_t length = PATH_MAX;
  if (sysctl(which, 4, path, &length, NULL, 0) != 0) return 0;
#else
  ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
  if (length < 0) return 0;
  path[length] = '\0';
#endif
  char *end = strrchr(path, '/');
  if (end == NULL || (size_t)(end - path) + strlen(name) + 2 > PATH_MAX) return 0;
  strcpy(end + 1, name);
  return 1;
}

/* Variables for the user's own Node programs would change what ours do: they come under another name, and distcc-node gives
   them back to the compilers. */
static void hide_node_variables(void) {
  static const char prefix[] = "_DISTCC_";
  for (char **variable = environ; *variable != NULL; variable++) {
    if (strncmp(*variable, "NODE_", 5) != 0 && strncmp(*variable, "OPENSSL_CONF=", 13) != 0) continue;
    char *hidden = malloc(sizeof prefix + strlen(*variable));
    if (hidden == NULL) continue;
    stpcpy(stpcpy(hidden, prefix), *variable);
    *variable = hidden;
  }
}

/* Its first word is the name that we were called by. */
static void become_node(void) {
  hide_node_variables();
  char path[PATH_MAX], **argv;
  if (beside("distcc-node", path) && (argv = in_front(NODE, path, words)) != NULL) {
    execv(NODE, argv);
    execv(path, argv + 1); /* by its own first line */
  }
  fprintf(stderr, "distcc: ERROR: cannot run the program distcc-node beside this one: %s: install distcc again\n", strerror(errno));
  exit(100);
}

/* ---- interruption ---- */

static void die_by(int number) {
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, number);
  signal(number, SIG_DFL);
  raise(number);
  sigprocmask(SIG_UNBLOCK, &only, NULL);
}

/* What we have started may clean up first: we die when it has ended. A second signal, or its time that is over, kills it. */
static void end_with_child(int number) {
  if (child == 0) die_by(came == 0 ? number : came);
  kill(child, came == 0 ? SIGTERM : SIGKILL);
  if (came != 0) return;
  came = number;
  alarm(GRACE_S);
}

static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM};

/* What the caller ignores, as nohup does, stays ignored; but we need our own clock, and to hear of our children. */
static void watch_signals(void) {
  for (size_t at = 0; at < sizeof endings / sizeof *endings; at++) {
    struct sigaction now;
    if (sigaction(endings[at], NULL, &now) != 0 || (now.sa_handler == SIG_IGN && endings[at] != SIGALRM)) continue;
    now.sa_handler = end_with_child;
    now.sa_flags = SA_RESTART | SA_NODEFER;
    sigaction(endings[at], &now, NULL);
  }
  signal(SIGCHLD, SIG_DFL);
}

/* ---- the connection ---- */

static void set_patience(int fd, time_t seconds) {
  struct timeval limit = {seconds, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

/* Whose program is at the other end. */
static int find_peer(int fd, uid_t *user, pid_t *process) {
#ifdef SO_PEERCRED
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return 0;
  *user = peer.uid;
  *process = peer.pid;
  return 1;
#else
  gid_t group;
  *process = 0;
  return getpeereid(fd, user, &group) == 0;
#endif
}

/* Our caller may have closed stdin or stdout: nothing of ours must stand in their place. */
static int out_of_the_way(int low) {
  int fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, 10);
  if (low >= 0) close(low);
  return fd;
}

static int dial(const struct sockaddr_un *there) {
  int fd = out_of_the_way(socket(AF_UNIX, SOCK_STREAM, 0));
  if (fd < 0) return -1;
  set_patience(fd, QUIET_S);
  if (connect(fd, (const struct sockaddr *)there, sizeof *there) == 0) {
    uid_t user = (uid_t)-1;
    pid_t process;
    if (find_peer(fd, &user, &process) && user == geteuid()) return fd;
    errno = EACCES;
  }
  int reason = errno;
  close(fd);
  errno = reason;
  return -1;
}

/* Asks the agent something trivial. One that is stopped or turns in circles is ended: the next launcher finds a new one. */
static int agent_lives(void) {
  int fd = dial(&place);
  if (fd < 0) return 0;
  unsigned char question[HEADER + 4], answer;
  put32(question, ASK);
  put32(question + 4, 4);
  put32(question + HEADER, 1);
  int lives = 0;
  if (send(fd, question, sizeof question, MSG_NOSIGNAL) == (ssize_t)sizeof question) {
    ssize_t got;
    while ((got = read(fd, &answer, 1)) < 0 && errno == EINTR) continue;
    lives = got == 1;
  }
  uid_t user;
  pid_t process;
  if (!lives && errno == EAGAIN && find_peer(fd, &user, &process) && process > 1) kill(process, SIGKILL);
  close(fd);
  return lives;
}

/* Whether a call that failed is worth another try. */
static int try_again(void) {
  return errno == EINTR || (errno == EAGAIN && agent_lives());
}

static int send_all(int fd, const void *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && try_again()) continue;
    if (sent < 0) return 0;
    bytes = (const char *)bytes + sent;
    length -= (size_t)sent;
  }
  return 1;
}

static int read_all(int fd, void *bytes, size_t length) {
  while (length > 0) {
    ssize_t got = read(fd, bytes, length);
    if (got < 0 && try_again()) continue;
    if (got <= 0) return 0;
    bytes = (char *)bytes + got;
    length -= (size_t)got;
  }
  return 1;
}

/* A message of numbers only. */
static int tell(int fd, uint32_t kind, const uint32_t *numbers, uint32_t count) {
  unsigned char message[HEADER + 6 * 4];
  put32(message, kind);
  put32(message + 4, 4 * count);
  for (uint32_t at = 0; at < count; at++) put32(message + HEADER + 4 * at, numbers[at]);
  return send_all(fd, message, HEADER + 4 * count);
}

/* FAILED: the program that we should become could not be started. */
static int tell_failed(int fd) {
  return tell(fd, FAILED, &(uint32_t){(uint32_t)errno}, 1);
}

/* What a descriptor is: '-' closed, 'f' file, 'p' pipe, 's' socket, 't' terminal, 'o' other. */
static char kind_of(int fd) {
  struct stat found;
  if (fstat(fd, &found) != 0) return '-';
  if (S_ISREG(found.st_mode)) return 'f';
  if (S_ISFIFO(found.st_mode)) return 'p';
  if (S_ISSOCK(found.st_mode)) return 's';
  return S_ISCHR(found.st_mode) && isatty(fd) ? 't' : 'o';
}

/* JOB: pid, umask, three descriptors' kinds and a zero, device and inode of the directory, counts of words and variables, then
   directory, words and variables, each with a NUL behind it. */
static int send_job(int fd) {
  char directory[PATH_MAX];
  struct stat here;
  memset(&here, 0, sizeof here);
  if (getcwd(directory, sizeof directory) == NULL || stat(".", &here) != 0) directory[0] = '\0';
  size_t length = HEADER + 36 + strlen(directory) + 1;
  uint32_t counts[2] = {0, 0};
  char **lists[2] = {words, environ};
  for (int list = 0; list < 2; list++)
    for (char **word = lists[list]; *word != NULL; word++, counts[list]++) length += strlen(*word) + 1;
  unsigned char *message = length > LONGEST ? NULL : calloc(1, length);
  if (message == NULL) return 0;
  mode_t mask = umask(0);
  umask(mask);
  put32(message, JOB);
  put32(message + 4, (uint32_t)(length - HEADER));
  put32(message + HEADER, (uint32_t)getpid());
  put32(message + HEADER + 4, (uint32_t)mask);
  for (int at = 0; at < 3; at++) message[HEADER + 8 + at] = (unsigned char)kind_of(at);
  uint64_t identity[2] = {(uint64_t)here.st_dev, (uint64_t)here.st_ino};
  for (int at = 0; at < 4; at++) put32(message + HEADER + 12 + 4 * at, (uint32_t)(identity[at / 2] >> (32 * (at % 2))));
  put32(message + HEADER + 28, counts[0]);
  put32(message + HEADER + 32, counts[1]);
  char *end = stpcpy((char *)message + HEADER + 36, directory) + 1;
  for (int list = 0; list < 2; list++)
    for (char **word = lists[list]; *word != NULL; word++) end = stpcpy(end, *word) + 1;
  int sent = send_all(fd, message, length);
  free(message);
  return sent;
}

/* ---- the agent ---- */

/* The folder that only we can enter; without one there is no agent. */
static int find_place(void) {
  const char *own = getenv("DISTCC_DIR"), *run = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");
  int length;
  if (own != NULL && *own != '\0') {
    char here[PATH_MAX] = "";
    if (*own != '/' && getcwd(here, sizeof here - 1) == NULL) return 0;
    length = snprintf(folder, sizeof folder, "%s%s%s/agent", here, *own == '/' ? "" : "/", own);
  } else if (run != NULL && *run == '/') {
    length = snprintf(folder, sizeof folder, "%s/distcc", run);
  } else if (home != NULL && *home == '/') {
    length = snprintf(folder, sizeof folder, "%s/.distcc", home);
    if (length > 0 && (size_t)length < sizeof folder) mkdir(folder, 0777);
    length = snprintf(folder, sizeof folder, "%s/.distcc/agent", home);
  } else {
    return 0;
  }
  if (length < 0 || (size_t)length >= sizeof folder) return 0;
  place.sun_family = AF_UNIX;
  length = snprintf(place.sun_path, sizeof place.sun_path, "%s/%s", folder, AGENT_VERSION);
  if (length < 0 || (size_t)length >= sizeof place.sun_path) return 0;
  door.sun_family = AF_UNIX;
  length = snprintf(door.sun_path, sizeof door.sun_path, "%s/agent.sock", folder);
  if (length < 0 || (size_t)length >= sizeof door.sun_path) return 0;
  struct stat found;
  if (lstat(folder, &found) != 0 && ((mkdir(folder, 0700) != 0 && errno != EEXIST) || lstat(folder, &found) != 0)) return 0;
  return S_ISDIR(found.st_mode) && found.st_uid == geteuid() && (found.st_mode & 077) == 0;
}

static char *assignment(const char *name) {
  const char *value = getenv(name);
  char *variable = value == NULL ? NULL : malloc(strlen(name) + strlen(value) + 2);
  return variable == NULL ? NULL : (stpcpy(stpcpy(stpcpy(variable, name), "="), value), variable);
}

/* Closes all descriptors above 3. */
static void close_others(void) {
#ifdef __FreeBSD__
  closefrom(4);
#else
  if (syscall(SYS_close_range, 4U, ~0U, 0U) == 0) return;
  for (long fd = sysconf(_SC_OPEN_MAX) - 1; fd > 3; fd--) close((int)fd); /* before Linux 5.9 */
#endif
}

/* In the agent's process: nothing of ours may reach it, neither descriptors, which our callers wait for, nor this job's environment. */
static void become_agent(int ready) {
  /* Without helper threads and with a nursery of a fixed size, collecting garbage costs half, and memory does not grow. */
  char path[PATH_MAX], *environment[5] = {(char *)"MALLOC_ARENA_MAX=1", NULL};
  char *argv[] = {(char *)NODE, (char *)"--single-threaded-gc", (char *)"--min-semi-space-size=4", (char *)"--max-semi-space-size=4", path, place.sun_path, (char *)"3", NULL};
  const char *kept[] = {"PATH", "HOME", "DISTCC_AGENT_IDLE"};
  for (size_t at = 0, count = 1; at < 3; at++)
    if ((environment[count] = assignment(kept[at])) != NULL) count++;
  int null = open("/dev/null", O_RDWR);
  /* dup2 onto itself would leave the mark that closes it. */
  int high = fcntl(ready, F_DUPFD, 10);
  if (!beside("distcc-agent", path) || null < 0 || high < 0 || chdir("/") != 0) _exit(1);
  for (int fd = 0; fd < 3; fd++) dup2(null, fd);
  dup2(high, 3);
  close_others();
  umask(077);
  for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
  execve(NODE, argv, environment);
  execve(path, argv + 4, environment);
  _exit(1);
}

/* Returns when the agent listens, or cannot, or takes too long: it closes the pipe in either case. */
static void start_agent(void) {
  int ready[2];
  if (pipe(ready) != 0) return;
  pid_t middle = fork();
  if (middle == 0) {
    close(ready[0]);
    /* In a session of its own, and nobody's child: neither terminal nor parent may wait for it. */
    if (setsid() < 0 || fork() != 0) _exit(0);
    become_agent(ready[1]);
  }
  close(ready[1]);
  if (middle > 0) {
    while (waitpid(middle, NULL, 0) < 0 && errno == EINTR) continue;
    struct pollfd wait = {ready[0], POLLIN, 0};
    poll(&wait, 1, START_MS);
  }
  close(ready[0]);
}

/* Returns when the agent that systemd started listens, or cannot, or takes too long: it closes the connection. It may be of another
   version, or there may be no such service. */
static void ring(void) {
  int fd = dial(&door);
  if (fd < 0) return;
  struct pollfd wait = {fd, POLLIN, 0};
  poll(&wait, 1, START_MS);
  close(fd);
}

/* Connects to the agent; of many that find none the one that has the lock starts it. */
static int reach_agent(void) {
  if (!find_place()) return -1;
  int fd = dial(&place);
  if (fd >= 0 || (errno != ENOENT && errno != ECONNREFUSED)) return fd;
  char path[PATH_MAX + 8];
  snprintf(path, sizeof path, "%s/start", folder);
  int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) return -1;
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  for (int waited = 0; fd < 0 && waited < START_MS + 1000; waited += RETRY_MS) {
    if (fcntl(lock, F_SETLK, &whole) == 0) {
      struct stat failed;
      /* Whoever had the lock before may have left an agent, or the note that there is none to be had. */
      if ((fd = dial(&place)) >= 0 || (fstat(lock, &failed) == 0 && failed.st_size > 0 && time(NULL) - failed.st_mtime < SULK_S)) break;
      ring();
      if ((fd = dial(&place)) < 0) start_agent();
      if (ftruncate(lock, 0) != 0) break;
      if (fd < 0 && (fd = dial(&place)) < 0 && write(lock, "x", 1) != 1) break;
      break;
    }
    struct timespec pause = {0, RETRY_MS * 1000000L};
    nanosleep(&pause, NULL);
    fd = dial(&place);
  }
  close(lock);
  return fd;
}

/* ---- what the agent has us do ---- */

/* A command as it comes: a number, counts of words and changes, then the program's path, words and changes. */
struct command {
  uint32_t number;
  char *path, **argv, **changes;
};

static int read_command(unsigned char *bytes, size_t length, struct command *command) {
  if (length < 13 || bytes[length - 1] != '\0') return 0;
  uint32_t argc = get32(bytes + 4), changes = get32(bytes + 8);
  if (argc == 0 || argc > length || changes > length) return 0;
  char **list = calloc((size_t)argc + changes + 3, sizeof *list), *at = (char *)bytes + 12, *end = (char *)bytes + length;
  if (list == NULL) return 0;
  command->number = get32(bytes);
  command->path = at;
  command->argv = list;
  command->changes = list + argc + 1;
  for (uint32_t count = 0; count < argc + changes; count++) {
    if ((at += strlen(at) + 1) >= end) return 0;
    list[count < argc ? count : count + 1] = at;
  }
  return 1;
}

/* EXEC with a number: behind its own argv[0] the program gets our words from that one on, byte for byte. */
static int own_words(struct command *command) {
  if (command->number == 0) return 1;
  for (uint32_t at = 0; at < command->number; at++)
    if (words[at] == NULL) return 0;
  command->argv = in_front(command->argv[0], NULL, words + command->number);
  return command->argv != NULL;
}

/* The environment that a command asks for. */
static char **environment_for(char **changes) {
  size_t count = 0, more = 0, at = 0;
  while (environ[count] != NULL) count++;
  while (changes[more] != NULL) more++;
  char **list = calloc(count + more + 1, sizeof *list);
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

/* A script without an interpreter line is for sh, as in execvp(3). */
static char **for_shell(const struct command *command) {
  return in_front("sh", command->path, command->argv + 1);
}

/* Becomes the program, or returns with errno. */
static void become(struct command *command) {
  char **environment = environment_for(command->changes), **argv;
  if (environment == NULL) return;
  execve(command->path, command->argv, environment);
  if (errno == ENOEXEC && (argv = for_shell(command)) != NULL) execve("/bin/sh", argv, environment);
  free(environment);
}

/* Starts the program, a preprocessor with nothing to read and its output in memory; gives errno, or 0 and sets the pid. It is no fork:
   copying a process costs more than all else that is done here. */
static int start(uint32_t kind, struct command *command, pid_t *pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t changed, before;
  short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  char **environment = environment_for(command->changes), **argv;
  int error = environment == NULL ? ENOMEM : posix_spawn_file_actions_init(&actions);
  if (error != 0) return error;
  if ((error = posix_spawnattr_init(&attributes)) != 0) return error;
  if (kind == PREPROCESS) {
    error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (error == 0) error = text < 0 ? errno : posix_spawn_file_actions_adddup2(&actions, text, 1);
  }
  if (kind == PREPROCESS || command->number != 0) flags |= POSIX_SPAWN_SETPGROUP; /* one of its own */
  sigemptyset(&changed);
  for (size_t at = 0; at < sizeof endings / sizeof *endings; at++) {
    struct sigaction now;
    if (sigaction(endings[at], NULL, &now) == 0 && now.sa_handler != SIG_IGN) sigaddset(&changed, endings[at]);
  }
  posix_spawnattr_setsigdefault(&attributes, &changed);
  sigprocmask(SIG_BLOCK, &changed, &before);
  posix_spawnattr_setsigmask(&attributes, &before);
  posix_spawnattr_setflags(&attributes, flags);
  if (error == 0) error = posix_spawn(pid, command->path, &actions, &attributes, command->argv, environment);
  if (error == ENOEXEC && (argv = for_shell(command)) != NULL) error = posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, environment);
  if (error == 0) child = flags & POSIX_SPAWN_SETPGROUP ? -*pid : *pid;
  sigprocmask(SIG_SETMASK, &before, NULL);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  free(environment);
  return error;
}

/* Ends as another process did. */
static void end_like(int status) {
  if (WIFSIGNALED(status)) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
  }
  exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* Starts a command, waits for it and reports its wait status, or in the upper half why it could not be started; for a preprocessor also
   where the agent finds what it wrote: descriptor, size, inode. 0 when the agent is gone. */
static int run(int fd, uint32_t kind, struct command *command) {
  pid_t pid = 0;
  int status = 0;
  /* A preprocessor writes in small pieces: a reader at the other end would be woken by each. */
  if (kind == PREPROCESS) {
    if (text >= 0) close(text);
    text = out_of_the_way(memfd_create("preprocessed", MFD_CLOEXEC));
  }
  int error = start(kind, command, &pid);
  uint32_t report[6] = {(uint32_t)error << 16};
  if (error != 0) return tell(fd, ENDED, report, 6);
  siginfo_t ended;
  while (waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR) continue;
  child = 0; /* before its number is free for somebody else */
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  if (came != 0) die_by(came);
  report[0] = (uint32_t)status;
  struct stat found;
  if (kind == PREPROCESS && fstat(text, &found) == 0) {
    uint64_t numbers[2] = {(uint64_t)found.st_size, (uint64_t)found.st_ino};
    report[1] = (uint32_t)text;
    for (int at = 0; at < 4; at++) report[2 + at] = (uint32_t)(numbers[at / 2] >> (32 * (at % 2)));
  }
  if (tell(fd, ENDED, report, 6)) return 1;
  /* A compiler that has run here has done the job, whether or not the agent hears of it. */
  if (kind == RUN) end_like(status);
  return 0;
}

/* TEXT: what the preprocessor wrote, for an agent that cannot open our descriptors. */
static int send_text(int fd) {
  unsigned char bytes[64 * 1024];
  struct stat found;
  if (text < 0 || fstat(text, &found) != 0 || found.st_size > LONGEST || lseek(text, 0, SEEK_SET) != 0) return 0;
  put32(bytes, TEXT);
  put32(bytes + 4, (uint32_t)found.st_size);
  if (!send_all(fd, bytes, HEADER)) return 0;
  for (off_t left = found.st_size; left > 0;) {
    ssize_t got = read(text, bytes, left < (off_t)sizeof bytes ? (size_t)left : sizeof bytes);
    if (got <= 0 || !send_all(fd, bytes, (size_t)got)) return 0;
    left -= got;
  }
  return 1;
}

/* A pipe or a terminal is shared, and somebody may have made it non-blocking. */
static void write_all(int fd, const unsigned char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, bytes, length);
    struct pollfd wait = {fd, POLLOUT, 0};
    if (written < 0 && errno == EAGAIN) poll(&wait, 1, -1);
    else if (written < 0 && errno != EINTR) return;
    if (written < 0) continue;
    bytes += written;
    length -= (size_t)written;
  }
}

/* Does what the agent says; returns when it is gone, or speaks another language. */
static void obey(int fd) {
  unsigned char header[HEADER], *bytes;
  struct command command;
  for (; read_all(fd, header, HEADER); free(bytes)) {
    uint32_t kind = get32(header), length = get32(header + 4);
    bytes = length > LONGEST ? NULL : malloc(length + 1);
    if (bytes == NULL || !read_all(fd, bytes, length)) return;
    if (kind == WRITE && length >= 4 && (int)get32(bytes) > 0 && (int)get32(bytes) != fd) {
      write_all((int)get32(bytes), bytes + 4, length - 4);
    } else if (kind == EXIT && length >= 4) {
      end_like((int)get32(bytes));
    } else if ((kind == PREPROCESS || kind == RUN) && read_command(bytes, length, &command)) {
      if (!run(fd, kind, &command)) return;
    } else if (kind == SEND_TEXT) {
      if (!send_text(fd)) return;
    } else if (kind == EXEC && read_command(bytes, length, &command) && own_words(&command)) {
      /* The open connection is the compiler's slot: the kernel gives it back when the compiler ends. */
      fcntl(fd, F_SETFD, 0);
      become(&command);
      fcntl(fd, F_SETFD, FD_CLOEXEC);
      if (!tell_failed(fd)) return;
    } else {
      return;
    }
  }
}

/* Whether the first word is for distcc itself; one that is for a compiler after all is told apart by the Node program. */
static int wants_node(void) {
  const char *slash = strrchr(words[0], '/'), *name = slash == NULL ? words[0] : slash + 1, *agent = getenv("DISTCC_AGENT");
  if (agent != NULL && strcmp(agent, "0") == 0) return 1;
  return strstr(name, "distcc") != NULL && (words[1] == NULL || strncmp(words[1], "--", 2) == 0 || strcmp(words[1], "-j") == 0);
}

int main(int argc, char **argv) {
  words = argv;
  if (argc < 1) return 100;
  if (!wants_node()) {
    watch_signals();
    int fd = reach_agent();
    if (fd >= 0 && send_job(fd)) obey(fd);
  }
  become_node();
}
