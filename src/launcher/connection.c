/* The connection to the agent, and the check for an agent that hangs. */
#include "launcher.h"
#include <sys/time.h>

/* After this many seconds of silence we ask whether the agent lives; the answer may take as long again. */
#ifndef QUIET_S
#define QUIET_S 5
#endif

void put32(unsigned char *at, uint32_t value) {
  for (int byte = 0; byte < 4; byte++) at[byte] = (unsigned char)(value >> (8 * byte));
}

void put64(unsigned char *at, uint64_t value) {
  put32(at, (uint32_t)value);
  put32(at + 4, (uint32_t)(value >> 32));
}

uint32_t get32(const unsigned char *at) {
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Splits strings that each end with a NUL into a list. Returns what follows them, or NULL when some are missing. */
char *read_strings(char *at, const char *end, char **list, uint32_t count) {
  for (uint32_t number = 0; at != NULL && number < count; number++) {
    char *stop = memchr(at, '\0', (size_t)(end - at));
    list[number] = at;
    at = stop == NULL ? NULL : stop + 1;
  }
  return at;
}

/* The process id of a private agent, since a socket pair only tells that we made it ourselves. */
pid_t private_agent;

/* The process at the other end, if it belongs to our user; 0 where the system does not tell its id. */
static pid_t find_peer(int fd) {
#ifdef SO_PEERCRED
  struct ucred peer;
  socklen_t length = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == geteuid() ? peer.pid : -1;
#else
  uid_t user;
  gid_t group;
  return getpeereid(fd, &user, &group) == 0 && user == geteuid() ? 0 : -1;
#endif
}

/* Moves a descriptor to a higher number. Our caller may have closed stdin or stdout, or low descriptors that make's
   variables still name for a compiler: ours must not take those numbers. */
int out_of_the_way(int fd) {
  if (fd < 0) return -1;
  int high = fcntl(fd, F_DUPFD_CLOEXEC, 10);
  close(fd);
  return high;
}

/* Makes both ends of a connection. Returns 0 with errno when that fails. */
int make_pair(int *pair) {
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return 0;
  pair[0] = out_of_the_way(pair[0]);
  pair[1] = out_of_the_way(pair[1]);
  if (pair[0] >= 0 && pair[1] >= 0) return 1;
  close(pair[0] < 0 ? pair[1] : pair[0]);
  errno = EMFILE;
  return 0;
}

/* Whether PING was sent and nothing has arrived since. It is sent on the job's own connection, because an agent that
   was told to stop accepts no other, but still does its jobs. */
static int asked;

/* Answers that are sent together with the next one. */
static unsigned char late[8 * (HEADER + 16 * 4)];
static size_t late_length;

/* Limits each read and send to the time after which to ask. */
void be_patient(int fd) {
  asked = 0;
  late_length = 0;
  const struct timeval patience = {QUIET_S, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

/* Connects to a socket of our own user. */
int dial(const struct sockaddr_un *there) {
  int fd = out_of_the_way(socket(AF_UNIX, SOCK_STREAM, 0));
  if (fd < 0) return -1;
  be_patient(fd);
  if (connect(fd, (const struct sockaddr *)there, sizeof *there) == 0) {
    if (find_peer(fd) >= 0) return fd;
    errno = EACCES;
  }
  int reason = errno;
  close(fd);
  errno = reason;
  return -1;
}

/* After a silence: sends PING; if there was no answer to an earlier one, kills the agent, so that the next launcher
   starts a new one. */
static int agent_lives(int fd, int sending) {
  unsigned char ping[HEADER];
  put32(ping, PING);
  put32(ping + 4, 0);
  if (!asked && !sending) {
    asked = 1;
    return send(fd, ping, sizeof ping, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof ping;
  }
  pid_t process = private_agent > 0 ? private_agent : find_peer(fd);
  if (process > 1) kill(process, SIGKILL);
  return 0;
}

static int send_now(int fd, const void *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EINTR || (errno == EAGAIN && agent_lives(fd, 1)))) continue;
    if (sent < 0) return 0;
    bytes = (const char *)bytes + sent;
    length -= (size_t)sent;
  }
  return 1;
}

int send_all(int fd, const void *bytes, size_t length) {
  size_t before = late_length;
  late_length = 0;
  return (before == 0 || send_now(fd, late, before)) && send_now(fd, bytes, length);
}

int read_all(int fd, void *bytes, size_t length) {
  while (length > 0) {
    ssize_t got = read(fd, bytes, length);
    if (got < 0 && (errno == EINTR || (errno == EAGAIN && agent_lives(fd, 0)))) continue;
    if (got <= 0) return 0;
    asked = 0;
    bytes = (char *)bytes + got;
    length -= (size_t)got;
  }
  return 1;
}

/* Makes a message of numbers only; returns its length. */
static size_t put_numbers(unsigned char *message, uint32_t kind, const uint32_t *numbers, uint32_t count) {
  put32(message, kind);
  put32(message + 4, 4 * count);
  for (uint32_t at = 0; at < count; at++) put32(message + HEADER + 4 * at, numbers[at]);
  return HEADER + 4 * count;
}

/* Sends a message of at most 16 numbers. */
int tell(int fd, uint32_t kind, const uint32_t *numbers, uint32_t count) {
  unsigned char message[HEADER + 16 * 4];
  return send_all(fd, message, put_numbers(message, kind, numbers, count));
}

/* The same, but when the next message is there and is answered at once, both answers go together: each one wakes the
   agent. */
int tell_with_next(int fd, uint32_t kind, const uint32_t *numbers, uint32_t count) {
  unsigned char next[HEADER];
  int comes = late_length + HEADER + 16 * 4 <= sizeof late && recv(fd, next, HEADER, MSG_PEEK | MSG_DONTWAIT) == HEADER;
  if (!comes || (get32(next) != CHECK_OUTPUT && get32(next) != STAMP)) return tell(fd, kind, numbers, count);
  late_length += put_numbers(late + late_length, kind, numbers, count);
  return 1;
}

/* Writes all bytes. A pipe or a terminal is shared, and another program may have made it non-blocking. */
void write_all(int fd, const unsigned char *bytes, size_t length) {
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
