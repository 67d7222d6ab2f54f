/* The user's agent: where its socket is, and how it is started when it does not listen. */
#include "launcher.h"
#include <time.h>
#ifndef __FreeBSD__
#include <sys/syscall.h>
#endif

/* After this many seconds an alarm ends an agent that hangs at its start; later it ignores the alarm. */
#ifndef ALARM_S
#define ALARM_S 60
#endif

enum { START_MS = 5000, RETRY_MS = 10, SULK_S = 10 };

struct sockaddr_un agent_socket;
static struct sockaddr_un activation_socket; /* systemd's socket in the same folder: connecting to it starts an agent */
static char folder[PATH_MAX];

static int fits(int length, size_t size) {
  return length >= 0 && (size_t)length < size;
}

/* Whether a folder belongs to this user. su leaves the variable of another user in the environment; a folder of ours
   made there would keep that user's agent out. */
static int is_own(const char *path) {
  struct stat found;
  return stat(path, &found) == 0 && found.st_uid == geteuid();
}

static int name_folder(void) {
  const char *own = getenv("DISTCC_DIR"), *run = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");
  if (own != NULL && *own != '\0') {
    char here[PATH_MAX] = "";
    if (*own != '/' && getcwd(here, sizeof here - 1) == NULL) return 0;
    mkdir(own, 0700); /* the first job would make it, too late for an agent */
    return fits(snprintf(folder, sizeof folder, "%s%s%s/agent", here, *own == '/' ? "" : "/", own), sizeof folder);
  }
  if (run != NULL && *run == '/' && is_own(run))
    return fits(snprintf(folder, sizeof folder, "%s/distcc", run), sizeof folder);
  if (home == NULL || *home != '/' || !fits(snprintf(folder, sizeof folder, "%s/.distcc", home), sizeof folder))
    return 0;
  mkdir(folder, 0777);
  return fits(snprintf(folder, sizeof folder, "%s/.distcc/agent", home), sizeof folder);
}

static int name_socket(struct sockaddr_un *there, const char *name) {
  there->sun_family = AF_UNIX;
  return fits(snprintf(there->sun_path, sizeof there->sun_path, "%s/%s", folder, name), sizeof there->sun_path);
}

static int name_sockets(void) {
  return name_socket(&agent_socket, AGENT_VERSION) && name_socket(&activation_socket, "agent.sock");
}

/* A socket's path has at most about a hundred bytes. For a longer one the folder is in /tmp, named by a hash
   (FNV-1a) of the long path. */
static void name_short_folder(void) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (const char *at = folder; *at != '\0'; at++) hash = (hash ^ (unsigned char)*at) * 0x100000001b3U;
  snprintf(folder, sizeof folder, "/tmp/distcc-%u-%016llx", (unsigned)geteuid(), (unsigned long long)hash);
  if (says("DISTCC_VERBOSE", "1"))
    fprintf(stderr, "distcc[%d] the agent is in %s, since the path of its own folder is too long for a socket\n",
            (int)getpid(), folder);
}

/* Finds or makes the folder, which only this user can enter; 0 when that fails: then no agent is used. */
static int find_place(void) {
  if (!name_folder()) return 0;
  if (!name_sockets()) {
    name_short_folder();
    if (!name_sockets()) return 0;
  }
  struct stat found;
  if (lstat(folder, &found) != 0) {
    mkdir(folder, 0700); /* unless another launcher has just made it */
    if (lstat(folder, &found) != 0) return 0;
  }
  return S_ISDIR(found.st_mode) && found.st_uid == geteuid() && (found.st_mode & 077) == 0;
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

/* Runs in the agent's process. It must not inherit anything of this job: no descriptors, which callers may wait for
   to be closed, and no environment. It only gets descriptor 3; the word tells it what that is. */
_Noreturn static void become_agent(int descriptor, char *word) {
  /* Without helper threads, and with a nursery of fixed size, garbage collection costs half and memory does not
     grow. */
  char path[PATH_MAX], *environment[5] = {"MALLOC_ARENA_MAX=1"};
  char *argv[] = {NODE, "--single-threaded-gc", "--min-semi-space-size=4", "--max-semi-space-size=4", path,
                  word, "3", NULL};
  const char *kept[] = {"PATH", "HOME", "DISTCC_AGENT_IDLE"}, *value;
  for (int at = 0, count = 1; at < 3; at++)
    if ((value = getenv(kept[at])) != NULL && asprintf(&environment[count++], "%s=%s", kept[at], value) < 0) _exit(1);
  if (!find_beside("distcc-agent", path) || chdir("/") != 0 || dup2(descriptor, 3) < 0) _exit(1);
  int null = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; fd++)
    if (dup2(null, fd) < 0) _exit(1);
  close_others();
  umask(077);
  for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  alarm(ALARM_S); /* Node hangs for ever when it may not start a thread */
  execve(NODE, argv, environment);
  execve(path, argv + 4, environment);
  _exit(1);
}

/* Starts an agent in a session of its own and not as our child, so that neither a terminal nor a parent waits for
   it. Returns its process id, or 0. */
static pid_t start_apart(int ours, int its, char *word) {
  pid_t agent = 0, *told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t middle = told == MAP_FAILED ? -1 : fork();
  if (middle == 0) {
    close(ours);
    pid_t own = setsid() < 0 ? -1 : fork();
    if (own == 0) become_agent(its, word);
    /* Written here and not by the agent, which might write too late. */
    *told = own;
    _exit(0);
  }
  close(its);
  if (middle > 0 && waitpid(middle, NULL, 0) == middle && *told > 0) agent = *told;
  if (told != MAP_FAILED) munmap(told, sizeof *told);
  return agent;
}

/* Starts a private agent, which ends with this launcher. Returns our end of the connection, or -1. */
int start_private(void) {
  int pair[2];
  if (!make_pair(pair)) return -1;
  private_agent = start_apart(pair[0], pair[1], "--private=" AGENT_VERSION);
  be_patient(pair[0]);
  return pair[0];
}

/* Waits until the other end closes, which means that an agent listens or could not start; or until a time limit. */
static void wait_and_close(int fd) {
  struct pollfd wait = {fd, POLLIN, 0};
  poll(&wait, 1, START_MS);
  close(fd);
}

static void start_agent(void) {
  int ready[2];
  if (pipe(ready) != 0) return;
  start_apart(ready[0], ready[1], agent_socket.sun_path);
  wait_and_close(ready[0]);
}

/* For the one launcher that holds the lock, of those that find no agent. A recent byte in the lock file means:
   starting an agent has just failed, do without. */
static int dial_or_start(int lock) {
  struct stat note;
  int fd = dial(&agent_socket);
  if (fd >= 0 || (fstat(lock, &note) == 0 && note.st_size > 0 && time(NULL) - note.st_mtime < SULK_S)) return fd;
  /* systemd may have started an agent of another version, or may have no such service. */
  if ((fd = dial(&activation_socket)) >= 0) wait_and_close(fd);
  if ((fd = dial(&agent_socket)) >= 0) return fd;
  start_agent();
  fd = dial(&agent_socket);
  return fd < 0 && write(lock, "x", 1) != 1 ? -1 : fd;
}

/* Connects to the agent, which it starts when there is none. */
int reach_agent(void) {
  if (!find_place()) return -1;
  int fd = dial(&agent_socket);
  if (fd >= 0 || (errno != ENOENT && errno != ECONNREFUSED)) return fd;
  char path[PATH_MAX + 8];
  snprintf(path, sizeof path, "%s/start", folder);
  int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) return -1;
  const struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  int locked = 0;
  for (int waited = 0; fd < 0 && !locked && waited < START_MS + 1000; waited += RETRY_MS) {
    locked = fcntl(lock, F_SETLK, &whole) == 0;
    if (!locked) poll(NULL, 0, RETRY_MS);
    fd = locked ? dial_or_start(lock) : dial(&agent_socket);
  }
  close(lock);
  return fd;
}
