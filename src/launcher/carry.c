/* The way to a host and back, for a request that the agent has put together: what is sent and what comes never has to pass through the agent.
   Of distcc's protocol this knows one thing, where an answer ends. */
#include "launcher.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#ifdef __linux__
#include <sys/sendfile.h>
#endif

enum { TOKEN = 12, EARLY_MS = 10, BEGINNING = 1024, LARGEST = 1024 * 1024 * 1024 };

/* How far it got, as in src/client/agent/messages. */
enum step { DONE, CONNECTING, EXCHANGING, GIVEN_UP };

static struct {
  int agent, host; /* descriptors */
  int begun; /* errno of the beginning */
  int connected, connect_ms, idle_ms;
  const char *token; /* the name of the token before the text */
  const unsigned char *head;
  size_t head_left, text_left;
  off_t text_at;
  unsigned char prefix[TOKEN + 1];
  size_t prefix_left;
} way;

/* What has come, and how far it has been understood: where the next token begins, or after the last one the answer's end. */
static size_t come, next_token;
static int last_token;

static int connect_to(const char *address, uint16_t port) {
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  int is_four = inet_pton(AF_INET, address, &four.sin_addr) == 1;
  if (!is_four && inet_pton(AF_INET6, address, &six.sin6_addr) != 1) return EINVAL;
  way.host = out_of_the_way(socket(is_four ? AF_INET : AF_INET6, SOCK_STREAM, 0));
  if (way.host < 0) return errno;
  const int yes = 1;
  setsockopt(way.host, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  fcntl(way.host, F_SETFL, O_NONBLOCK);
  const struct sockaddr *there = is_four ? (const struct sockaddr *)&four : (const struct sockaddr *)&six;
  if (connect(way.host, there, is_four ? sizeof four : sizeof six) == 0) way.connected = 1;
  else if (errno != EINPROGRESS) return errno;
  return 0;
}

/* Notes that it is connected, or gives errno. */
static int finish_connecting(void) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(way.host, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error == 0) way.connected = 1;
  return error;
}

/* Sends what the socket takes of some bytes; gives errno. */
static int send_some(const unsigned char **bytes, size_t *left, int flags) {
  ssize_t sent = *left == 0 ? 0 : send(way.host, *bytes, *left, MSG_NOSIGNAL | flags);
  if (sent < 0) return errno == EAGAIN || errno == EINTR ? 0 : errno;
  *bytes += sent;
  *left -= (size_t)sent;
  return 0;
}

static int send_text(void) {
#ifdef __linux__
  ssize_t sent = sendfile(way.host, memories.text, &way.text_at, way.text_left);
  if (sent < 0) return errno == EAGAIN || errno == EINTR ? 0 : errno;
#else
  unsigned char some[16 * 1024];
  ssize_t got = pread(memories.text, some, way.text_left < sizeof some ? way.text_left : sizeof some, way.text_at);
  if (got < 0) return errno;
  ssize_t sent = send(way.host, some, (size_t)got, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR ? 0 : errno;
  way.text_at += sent;
#endif
  way.text_left -= (size_t)sent;
  return 0;
}

/* Sends what can be sent: the head at any time, the rest once the text is there. */
static int send_on(int text_is_there) {
  int error = send_some(&way.head, &way.head_left, text_is_there ? MSG_MORE : 0);
  if (error != 0 || way.head_left > 0 || !text_is_there) return error;
  const unsigned char *prefix = way.prefix + TOKEN - way.prefix_left;
  error = send_some(&prefix, &way.prefix_left, way.text_left > 0 ? MSG_MORE : 0);
  return error != 0 || way.prefix_left > 0 || way.text_left == 0 ? error : send_text();
}

/* Whether the answer is whole. DONE and STAT have a number, the other tokens that many bytes after them, and the output comes last. */
static int is_whole(void) {
  char token[TOKEN + 1] = "";
  while (!last_token && come >= next_token + TOKEN && pread(memories.answer, token, TOKEN, (off_t)next_token) == TOKEN) {
    next_token += TOKEN;
    if (strncmp(token, "DONE", 4) != 0 && strncmp(token, "STAT", 4) != 0) next_token += strtoul(token + 4, NULL, 16);
    last_token = strncmp(token, "DOTO", 4) == 0;
  }
  return last_token && come >= next_token;
}

/* Takes what has come; gives errno, or -1 when nothing more will come. */
static int receive_some(void) {
  unsigned char some[16 * 1024];
  ssize_t got = recv(way.host, some, sizeof some, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR ? 0 : errno;
  if (got == 0) return -1;
  if (come + (size_t)got > LARGEST || write(memories.answer, some, (size_t)got) != got) return EFBIG;
  come += (size_t)got;
  return 0;
}

/* ANSWER: how far it got, errno, descriptor of what came, nothing; inode and size of that, and its beginning, which is mostly all that the agent
   needs. */
static int tell_answer(int error, enum step step) {
  struct stat found;
  if (memories.answer < 0 || fstat(memories.answer, &found) != 0) memset(&found, 0, sizeof found);
  uint64_t inode = (uint64_t)found.st_ino, size = (uint64_t)found.st_size;
  const uint32_t numbers[] = {step, (uint32_t)error, (uint32_t)memories.answer, 0};
  unsigned char message[HEADER + 4 * 4 + 2 * 8 + BEGINNING];
  ssize_t begins = pread(memories.answer, message + sizeof message - BEGINNING, BEGINNING, 0);
  size_t length = sizeof message - BEGINNING + (begins < 0 ? 0 : (size_t)begins);
  put32(message, ANSWER);
  put32(message + 4, (uint32_t)(length - HEADER));
  for (int at = 0; at < 4; at++) put32(message + HEADER + 4 * at, numbers[at]);
  put64(message + HEADER + 16, inode);
  put64(message + HEADER + 24, size);
  if (way.host >= 0) close(way.host);
  way.host = -1;
  return send_all(way.agent, message, length);
}

/* One wait for host and agent, and what follows from it; gives errno, -1 for the end of the answer, 0 to go on. */
static int one_step(int timeout, enum step *step) {
  size_t left = way.head_left + way.prefix_left + way.text_left;
  struct pollfd both[] = {{way.agent, POLLIN, 0}, {way.host, way.connected ? POLLIN : 0, 0}};
  if (!way.connected || left > 0) both[1].events |= POLLOUT;
  int ready = poll(both, 2, timeout);
  if (ready < 0) return errno == EINTR ? 0 : errno;
  if (ready == 0) return ETIMEDOUT;
  /* It has a line of the log for us; or something else to do, or has gone. */
  if (both[0].revents != 0 && do_writes(way.agent)) return 0;
  *step = GIVEN_UP;
  if (both[0].revents != 0) return ECANCELED;
  *step = way.connected ? EXCHANGING : CONNECTING;
  if (!way.connected) return finish_connecting();
  int error = both[1].revents & ~POLLOUT ? receive_some() : 0;
  if (error == 0 && is_whole()) error = -1;
  if (error != 0 || !(both[1].revents & POLLOUT) || left == 0) return error;
  /* A host that takes no more may have answered all the same. */
  if (send_on(1) != 0) way.head_left = way.prefix_left = way.text_left = 0;
  return 0;
}

/* Sends the rest and takes the answer; 0 when the agent is gone. */
int finish_carrying(int text_is_there) {
  struct stat text;
  enum step step = GIVEN_UP;
  if (!text_is_there || fstat(memories.text, &text) != 0) return tell_answer(ECANCELED, GIVEN_UP);
  way.text_left = (size_t)text.st_size;
  way.prefix_left = TOKEN;
  snprintf((char *)way.prefix, sizeof way.prefix, "%.4s%08x", way.token, (unsigned)text.st_size);
  int error = way.begun;
  for (step = CONNECTING; error == 0;) error = one_step(way.connected ? way.idle_ms : way.connect_ms, &step);
  return error == -1 ? tell_answer(0, is_whole() ? DONE : EXCHANGING) : tell_answer(error, step);
}

/* Whether the way has come to an end already; then the agent hears it at once, and can choose another host while the preprocessor works. */
int has_failed(void) {
  return way.begun != 0 && tell_answer(way.begun, CONNECTING);
}

/* CARRY: port, patience for connecting and for each step in ms, address, name of the token before the text, each with a NUL, and the bytes that
   come first. Connects, and sends those when the host is quick; 0 when it is not such a message. */
int begin_carrying(int agent, unsigned char *bytes, size_t length) {
  if (length < 14) return 0;
  unsigned char *end = bytes + length, *address = bytes + 12, *token = memchr(address, '\0', (size_t)(end - address));
  if (token == NULL || end - ++token < 5 || token[4] != '\0') return 0;
  memset(&way, 0, sizeof way);
  come = next_token = 0;
  last_token = 0;
  way.agent = agent;
  way.host = -1;
  way.connect_ms = (int)get32(bytes + 4);
  way.idle_ms = (int)get32(bytes + 8);
  way.token = (const char *)token;
  way.head = token + 5;
  way.head_left = (size_t)(end - way.head);
  way.begun = renew(&memories.answer, "answer");
  if (way.begun == 0) way.begun = connect_to((const char *)address, (uint16_t)get32(bytes));
  struct pollfd wait = {way.host, POLLOUT, 0};
  if (way.begun == 0 && !way.connected && poll(&wait, 1, EARLY_MS) == 1) way.begun = finish_connecting();
  if (way.begun == 0 && way.connected) send_on(0);
  return 1;
}
