/* A compiler that its client controls: tries to reach what a compile does not need, and writes into the object how each
   try went, "done" or the reason why not. A test permits it by name, as an administrator permits gcc. Never run it
   outside a throw-away machine. */
#define _GNU_SOURCE 1
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static FILE *object;

static void tell(const char *what, const char *whom, int went_well) {
  int reason = errno;
  fprintf(object, "%s %s: %s\n", what, whom, went_well ? "done" : strerror(reason));
}

/* Whether an answer comes; that nobody listens is one, too. What a fence swallows gets none. */
static int reaches(int family, int type, const void *address, socklen_t length) {
  int fd = socket(family, type, 0), reason = 0;
  socklen_t size = sizeof reason;
  if (fd < 0) return 0;
  fcntl(fd, F_SETFL, O_NONBLOCK);
  int went = connect(fd, address, length) == 0 && (type == SOCK_STREAM || send(fd, "x", 1, 0) == 1);
  if (!went && errno == EINPROGRESS) {
    struct pollfd answer = {.fd = fd, .events = POLLOUT};
    errno = ETIMEDOUT;
    if (poll(&answer, 1, 1000) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &size) == 0)
      went = (errno = reason) == 0;
  }
  if (errno == ECONNREFUSED) went = 1;
  reason = errno;
  close(fd);
  errno = reason;
  return went;
}

static void try_network(void) {
  static const char *const addresses[] = {"127.0.0.1", "192.0.2.1", "192.0.2.2"};
  for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(3632)};
    inet_pton(AF_INET, addresses[i], &address.sin_addr);
    tell("tcp", addresses[i], reaches(AF_INET, SOCK_STREAM, &address, sizeof address));
    tell("udp", addresses[i], reaches(AF_INET, SOCK_DGRAM, &address, sizeof address));
  }
  struct sockaddr_in6 ourselves = {
      .sin6_family = AF_INET6, .sin6_port = htons(3632), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  tell("tcp", "::1", reaches(AF_INET6, SOCK_STREAM, &ourselves, sizeof ourselves));
  static const char *const paths[] = {"/run/systemd/private", "/run/dbus/system_bus_socket",
                                      "/run/systemd/journal/stdout", "/run/systemd/journal/socket", "/run/journal"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, paths[i]);
    tell("unix", paths[i], reaches(AF_UNIX, i < 3 ? SOCK_STREAM : SOCK_DGRAM, &address, sizeof address));
  }
  int fd = socket(AF_NETLINK, SOCK_RAW, 0);
  tell("socket", "netlink", fd >= 0);
}

static void try_files(void) {
  static const char *const files[] = {"/etc/shadow", "/etc/passwd", "/etc/hostname", "/tmp/marker", "/var/tmp/marker",
                                      "/proc/self/status", "/proc/1/status", "/sys/kernel/uevent_seqnum", "/dev/kmsg"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) tell("read", files[i], open(files[i], O_RDONLY) >= 0);
  static const char *const folders[] = {"/root", "/home", "/var/log", "/run/systemd/journal", "/etc/systemd"};
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) tell("list", folders[i], opendir(folders[i]) != NULL);
  static const char *const written[] = {"/usr/bin/mine", "/dev/shm/mine", "/mine",
                                        "/etc/mine",     "/run/mine",     "/usr/lib/distcc/mine"};
  for (size_t i = 0; i < sizeof written / sizeof *written; i++)
    tell("write", written[i], open(written[i], O_WRONLY | O_CREAT, 0600) >= 0);
}

static void try_powers(char *self) {
  char copy[] = "/tmp/copyXXXXXX", buffer[65536];
  int from = open(self, O_RDONLY), to = mkstemp(copy);
  for (ssize_t length; (length = read(from, buffer, sizeof buffer)) > 0;)
    if (write(to, buffer, (size_t)length) != length) break;
  close(to);
  chmod(copy, 0700);
  pid_t child = fork();
  if (child == 0) {
    execl(copy, copy, "--version", (char *)NULL);
    _exit(errno);
  }
  int status = 0;
  waitpid(child, &status, 0);
  unlink(copy);
  errno = WEXITSTATUS(status);
  tell("run", "a program from /tmp", errno == 0);
  tell("trace", "the daemon", ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) == 0);
  tell("become", "root", setuid(0) == 0);
  tell("make", "a user namespace", unshare(CLONE_NEWUSER) == 0);
  tell("mount", "something", mount("none", "/tmp", "tmpfs", 0, NULL) == 0);
}

/* Says what it can see of the jobs beside its own. */
static void look_for_jobs(const char *folder, int depth, const char *own, int *seen) {
  DIR *dir = opendir(folder);
  struct dirent *entry;
  struct stat about;
  char path[4096];
  while (dir != NULL && (entry = readdir(dir)) != NULL) {
    if (entry->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int)sizeof path)
      continue;
    if (strcmp(path, own) == 0 || lstat(path, &about) != 0) continue;
    if (S_ISDIR(about.st_mode) && depth > 0) look_for_jobs(path, depth - 1, own, seen);
    if (S_ISREG(about.st_mode) && about.st_size > 0) ++*seen;
  }
  if (dir != NULL) closedir(dir);
}

/* Leaves the daemon's limits as they are, but could have changed them. */
static int limits_daemon(void) {
  struct rlimit files;
  return prlimit(getppid(), RLIMIT_NOFILE, NULL, &files) == 0 && prlimit(getppid(), RLIMIT_NOFILE, &files, NULL) == 0;
}

/* Whether a process of our account that is none of ours could be signalled; no signal is sent. */
static int reaches_process(void) {
  for (pid_t other = 2; other < 65536; other++)
    if (other != getpid() && kill(other, 0) == 0) return 1;
  errno = ESRCH;
  return 0;
}

int main(int argc, char **argv) {
  const char *output = NULL;
  char own[4096];
  int seen = 0;
  if (argc == 2) return 0;
  for (int i = 1; i + 1 < argc; i++)
    if (strcmp(argv[i], "-o") == 0) output = argv[i + 1];
  if (output == NULL || getcwd(own, sizeof own) == NULL || (object = fopen(output, "we")) == NULL) return 1;
  try_network();
  try_files();
  look_for_jobs("/tmp", 3, own, &seen);
  look_for_jobs("/var/tmp", 3, own, &seen);
  errno = ENOENT;
  tell("find", "another job", seen > 0);
  tell("signal", "another process", reaches_process());
  tell("change", "the folder of all jobs", chmod("..", 0700) == 0);
  tell("hear", "of other jobs", inotify_add_watch(inotify_init(), "..", IN_CREATE) >= 0);
  tell("limit", "the daemon", limits_daemon());
  id_t starter = (id_t)getppid();
  tell("hold back", "the daemon", setpriority(PRIO_PROCESS, starter, getpriority(PRIO_PROCESS, starter)) == 0);
  try_powers(argv[0][0] == '/' ? argv[0] : (char *)"/usr/local/bin/hostilecc");
  return fclose(object) != 0;
}
