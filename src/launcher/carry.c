/* Sends a request to a host and receives the answer, by TCP or by an ssh that is started here. The agent composes
   the request, but unpacked texts and objects do not pass through it. */
#include "launcher.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <time.h>
#ifdef __linux__
#include <sys/sendfile.h>
#endif

enum { TOKEN = 12, EARLY_MS = 10, HEAD_START_MS = 250, OFFER_MS = 50, BEGINNING = 1024 };

/* What follows the head, as in src/wire/agent: the text, what the agent makes of it and sends with KEEP, or nothing. */
enum { BODY_IS_TEXT, BODY_COMES, NO_BODY };

enum { CARRY_NUMBERS = 7 * 4 };

/* How far it got, as in src/wire/agent. GIVEN_UP means a reason that has nothing to do with the host; CLOSED that
   something is not as GATE wanted it. */
enum step { DONE, CONNECTING, EXCHANGING, GIVEN_UP, CLOSED };

static struct {
  int agent, host, body; /* descriptors */
  int is_open; /* the agent waits for ANSWER */
  int is_kept; /* the host waits for MORE */
  uint32_t kind; /* what follows the head */
  enum ending ending;
  uint32_t tells; /* whether the agent wants REACHED */
  int connected, connect_ms, idle_ms;
  uint16_t port; /* 0 for ssh */
  uint32_t count, tried; /* addresses */
  unsigned char *message;
  char **words; /* addresses, or the command that starts ssh */
  const char *token; /* the name of the token before the body */
  const unsigned char *head;
  size_t head_left, body_left;
  off_t body_at;
  unsigned char prefix[TOKEN + 1];
  size_t prefix_left;
} way;

/* How many bytes of the answer have come. */
static size_t come;

/* What takes time on the way, as in src/wire/agent: until the connection is made, until all is sent, until the answer
   begins. */
enum mark { CONNECTED, SENT, ANSWERED, MARKS };

/* When each was reached, in µs; 0 for not yet. */
static uint64_t marks[MARKS];

static uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void reach(enum mark mark) {
  if (marks[mark] != 0) return;
  marks[mark] = now_us();
  const uint32_t number = mark;
  /* When the agent is gone, that is noticed soon. */
  if (way.tells) tell(way.agent, REACHED, &number, 1);
}

static void connection_is_made(void) {
  way.connected = 1;
  reach(CONNECTED);
}

/* Reads an IPv6 address, also one with "%" and its interface. */
static int read_six(const char *address, struct sockaddr_in6 *six) {
  char number[INET6_ADDRSTRLEN];
  size_t length = strcspn(address, "%");
  if (length >= sizeof number) return 0;
  memcpy(number, address, length);
  number[length] = '\0';
  const char *scope = address + length + (address[length] == '%');
  six->sin6_scope_id = if_nametoindex(scope);
  if (six->sin6_scope_id == 0) six->sin6_scope_id = (uint32_t)strtoul(scope, NULL, 10);
  return inet_pton(AF_INET6, number, &six->sin6_addr) == 1;
}

static int connect_to(const char *address, uint16_t port) {
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  int is_four = inet_pton(AF_INET, address, &four.sin_addr) == 1;
  if (!is_four && !read_six(address, &six)) return EINVAL;
  way.host = out_of_the_way(socket(is_four ? AF_INET : AF_INET6, SOCK_STREAM, 0));
  if (way.host < 0) return errno;
  const int yes = 1;
  setsockopt(way.host, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  fcntl(way.host, F_SETFL, O_NONBLOCK);
  const struct sockaddr *there = is_four ? (const struct sockaddr *)&four : (const struct sockaddr *)&six;
  if (connect(way.host, there, is_four ? sizeof four : sizeof six) == 0) connection_is_made();
  else if (errno != EINPROGRESS) return errno;
  return 0;
}

static void close_host(void) {
  if (way.host >= 0) close(way.host);
  way.host = -1;
}

/* After an error tries the next address; returns errno when none is left. Each address is tried twice: first only
   for a moment, so that a dead one costs little, then with a share of the whole time. */
static int dial_next(int error) {
  for (uint32_t tries = way.count > 1 ? 2 * way.count : 1; error != 0 && way.tried < tries; way.tried++) {
    close_host();
    error = connect_to(way.words[way.tried % way.count], way.port);
  }
  return error;
}

static int connect_patience(void) {
  if (way.count == 1) return way.connect_ms;
  return way.tried <= way.count ? HEAD_START_MS : way.connect_ms / (int)way.count;
}

/* Notes that the connection is made, or tries another address; returns errno. */
static int finish_connecting(void) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(way.host, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error == 0) connection_is_made();
  return dial_next(error);
}

/* Starts the user's ssh, which only inherits the connection. If our stdin is a terminal, ssh may ask for a password
   there; otherwise it gets no terminal, since it would be stopped when it reads there. Returns errno. */
static int start_ssh(void) {
  int pair[2];
  char *none[] = {NULL};
  struct command command;
  memset(&command, 0, sizeof command);
  command.number = isatty(0) ? 0 : APART;
  command.argv = way.words;
  command.changes = none;
  if (!make_pair(pair)) return errno;
  way.host = pair[0];
  fcntl(way.host, F_SETFL, O_NONBLOCK);
  int error = start(&command, (const int[]){pair[1], pair[1], -1}, SSH);
  close(pair[1]);
  if (error == 0) connection_is_made();
  return error;
}

/* Sends as many bytes as the socket accepts; returns errno. */
static int send_some(const unsigned char **bytes, size_t *left, int flags) {
  ssize_t sent = *left == 0 ? 0 : send(way.host, *bytes, *left, MSG_NOSIGNAL | flags);
  if (sent < 0) return errno == EAGAIN || errno == EINTR ? 0 : errno;
  *bytes += sent;
  *left -= (size_t)sent;
  return 0;
}

static int send_body(void) {
#ifdef __linux__
  ssize_t sent = sendfile(way.host, way.body, &way.body_at, way.body_left);
  if (sent < 0) return errno == EAGAIN || errno == EINTR ? 0 : errno;
  if (sent == 0) return EIO; /* another process has truncated it */
#else
  unsigned char some[16 * 1024];
  ssize_t got = pread(way.body, some, way.body_left < sizeof some ? way.body_left : sizeof some, way.body_at);
  if (got <= 0) return got == 0 ? EIO : errno;
  ssize_t sent = send(way.host, some, (size_t)got, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR ? 0 : errno;
  way.body_at += sent;
#endif
  way.body_left -= (size_t)sent;
  return 0;
}

static size_t unsent(void) {
  return way.head_left + way.prefix_left + way.body_left;
}

/* Sends what can be sent: the head at any time, the rest when the body is complete. */
static int send_on(int body_is_there) {
  int error = send_some(&way.head, &way.head_left, body_is_there && way.prefix_left > 0 ? MSG_MORE : 0);
  if (error != 0 || way.head_left > 0 || !body_is_there) return error;
  const unsigned char *prefix = way.prefix + TOKEN - way.prefix_left;
  error = send_some(&prefix, &way.prefix_left, way.body_left > 0 ? MSG_MORE : 0);
  return error != 0 || way.prefix_left > 0 || way.body_left == 0 ? error : send_body();
}

/* Receives what has arrived; returns errno, or -1 at the end of the connection. */
static int receive_some(void) {
  unsigned char some[16 * 1024];
  ssize_t got = recv(way.host, some, sizeof some, 0);
  /* An ssh that ended before it had read everything causes a reset. */
  if (got == 0 || (got < 0 && errno == ECONNRESET && way.port == 0)) return -1;
  if (got < 0) return errno == EAGAIN || errno == EINTR ? 0 : errno;
  reach(ANSWERED);
  if (come + (size_t)got > LARGEST_ANSWER) return EMSGSIZE;
  ssize_t kept = write(memories.answer, some, (size_t)got);
  if (kept != got) return kept < 0 ? errno : EFBIG;
  come += (size_t)got;
  return 0;
}

/* Whether an error means that this machine lacks something: descriptors, memory, or room under a limit of the
   caller. */
static int is_want_of_ours(int error) {
  static const int wants[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN, EFBIG, ENOSPC, EIO};
  int found = 0;
  for (size_t at = 0; !found && at < sizeof wants / sizeof *wants; at++) found = error == wants[at];
  return found;
}

/* The connection is not used any more. */
static void leave_host(int broken) {
  close_host();
  leave_ssh(broken);
  free(way.message);
  free(way.words);
  way.message = NULL;
  way.words = NULL;
  way.is_kept = 0;
}

/* How long ago something was reached, in µs; the largest number for never. */
static uint32_t since(enum mark mark) {
  uint64_t ago = marks[mark] == 0 ? UINT32_MAX : now_us() - marks[mark];
  return ago < UINT32_MAX ? (uint32_t)ago : UINT32_MAX;
}

/* Sends ANSWER: how far it got, errno, descriptor of the answer, index of the last address; how long ago the
   connection was made, all was sent, and the answer began; the length of the dependency file; inode and size of the
   answer, and its beginning, which is usually all that the agent needs. */
static int tell_answer(int error, enum step step) {
  struct stat found;
  if (is_want_of_ours(error)) step = GIVEN_UP;
  if (memories.answer < 0 || fstat(memories.answer, &found) != 0) memset(&found, 0, sizeof found);
  uint64_t inode = (uint64_t)found.st_ino, size = (uint64_t)found.st_size;
  const uint32_t numbers[] = {step, (uint32_t)error, (uint32_t)memories.answer,
                              way.tried == 0 ? 0 : (way.tried - 1) % way.count,
                              since(CONNECTED), since(SENT), since(ANSWERED), length_of_dependencies()};
  enum { COUNT = sizeof numbers / sizeof *numbers };
  unsigned char message[HEADER + 4 * COUNT + 2 * 8 + BEGINNING];
  ssize_t begins = pread(memories.answer, message + sizeof message - BEGINNING, BEGINNING, 0);
  size_t length = sizeof message - BEGINNING + (begins < 0 ? 0 : (size_t)begins);
  put32(message, ANSWER);
  put32(message + 4, (uint32_t)(length - HEADER));
  for (int at = 0; at < COUNT; at++) put32(message + HEADER + 4 * at, numbers[at]);
  put64(message + HEADER + 4 * COUNT, inode);
  put64(message + HEADER + 4 * COUNT + 8, size);
  way.is_open = 0;
  way.is_kept = step == DONE && is_question();
  if (!way.is_kept) leave_host(step != DONE);
  return send_all(way.agent, message, length);
}

/* How long an offer is still waited for, in ms; -1 while the answer itself has not come whole. The time counts from
   then, however slowly the offer comes. */
static int offer_patience(void) {
  static uint64_t since_when;
  if (!way.connected || !lacks_offer_only(come, way.ending)) {
    since_when = 0;
    return -1;
  }
  if (since_when == 0) since_when = now_us();
  uint64_t waited = (now_us() - since_when) / 1000;
  return waited < OFFER_MS ? (int)(OFFER_MS - waited) : 0;
}

/* Waits once for host and agent, and handles what happened. Returns errno, -1 at the end of the answer, or 0 to
   continue. */
static int one_step(int timeout, enum step *step) {
  size_t left = unsent();
  struct pollfd both[] = {{way.agent, POLLIN, 0}, {way.host, way.connected ? POLLIN : 0, 0}};
  if (!way.connected || left > 0) both[1].events |= POLLOUT;
  int patience = offer_patience();
  int ready = poll(both, 2, patience < 0 ? timeout : patience);
  if (ready < 0) return errno == EINTR ? 0 : errno;
  if (ready == 0 && patience >= 0) return offer_patience() == 0 ? -1 : 0;
  if (ready == 0) return way.connected ? ETIMEDOUT : dial_next(ETIMEDOUT);
  /* The agent has a line of the log to write; or another task; or it has ended. */
  if (both[0].revents != 0 && do_writes(way.agent)) return 0;
  *step = GIVEN_UP;
  if (both[0].revents != 0) return ECANCELED;
  *step = way.connected ? EXCHANGING : CONNECTING;
  if (!way.connected) return finish_connecting();
  int error = both[1].revents & ~POLLOUT ? receive_some() : 0;
  if (error == 0 && is_whole(come, way.ending)) error = -1;
  if (error != 0 || !(both[1].revents & POLLOUT) || left == 0) return error;
  error = send_on(1);
  if (error == 0 && unsent() == 0) reach(SENT);
  if (error != EPIPE && error != ECONNRESET) return error;
  /* A host that accepts no more bytes may still have answered. */
  way.head_left = way.prefix_left = way.body_left = 0;
  return 0;
}

/* Sends the rest and receives the answer. Returns 0 when the agent is gone. */
static int finish_exchange(void) {
  enum step step = CONNECTING;
  int error = 0;
  while (error == 0) error = one_step(way.connected ? way.idle_ms : connect_patience(), &step);
  if (error != -1) return tell_answer(error, step);
  if (is_whole(come, way.ending)) return tell_answer(0, DONE);
  error = lacks_offer_only(come, way.ending) ? drop_offer() : 0;
  return tell_answer(error, error == 0 && lacks_offer_only(come, way.ending) ? DONE : EXCHANGING);
}

/* Sends the rest, of which this is the body, and takes the answer; 0 when the agent is gone. */
static int exchange(int body) {
  struct stat found;
  if (fstat(body, &found) != 0) return tell_answer(errno, GIVEN_UP);
  way.body = body;
  way.body_left = (size_t)found.st_size;
  way.prefix_left = TOKEN;
  snprintf((char *)way.prefix, sizeof way.prefix, "%.4s%08x", way.token, (unsigned)found.st_size);
  return finish_exchange();
}

/* Tells the agent that its request was cancelled. */
int give_way_up(void) {
  if (way.is_kept) leave_host(1);
  return !way.is_open || tell_answer(ECANCELED, GIVEN_UP);
}

/* The agent's request can go to the host: the text is there, unless its preprocessor has failed, or there is nothing
   but the head. */
int carry_text(int text_is_there) {
  if (way.is_open && way.kind == NO_BODY) return finish_exchange();
  if (!text_is_there) return give_way_up();
  return !way.is_open || way.kind != BODY_IS_TEXT || exchange(memories.text);
}

/* MORE: bytes that answer a question of the host. */
int carry_more(int agent, const unsigned char *bytes, size_t length) {
  int error = way.is_kept ? renew(&memories.answer, "answer") : ECANCELED;
  free(way.message);
  way.message = malloc(length + 1);
  if (error == 0 && way.message == NULL) error = ENOMEM;
  way.agent = agent;
  way.is_open = 1;
  way.is_kept = 0;
  come = 0;
  marks[SENT] = marks[ANSWERED] = 0;
  begin_answer();
  if (error != 0) return tell_answer(error, GIVEN_UP);
  memcpy(way.message, bytes, length);
  way.head = way.message;
  way.head_left = length;
  return finish_exchange();
}

/* KEEP: the body that the agent made from the text. The request may have ended before it arrived. */
int carry_body(int agent, size_t length) {
  int error = renew(&memories.body, "body"), taken = take_body(agent, length, error == 0 ? memories.body : -1);
  if (taken < 0 || !way.is_open || way.kind != BODY_COMES) return taken >= 0;
  return error == 0 && taken == 0 ? exchange(memories.body) : tell_answer(error != 0 ? error : taken, EXCHANGING);
}

/* Reads the words of CARRY, the token and the head. Returns 0 when some are missing. */
static int read_way(size_t length, uint32_t count) {
  char *at, *end = (char *)way.message + length;
  if (count == 0 || count > length || (way.words = calloc((size_t)count + 1, sizeof *way.words)) == NULL) return 0;
  if ((at = read_strings((char *)way.message + CARRY_NUMBERS, end, way.words, count + 1)) == NULL) return 0;
  way.token = way.words[count];
  way.words[count] = NULL;
  way.head = (const unsigned char *)at;
  way.head_left = (size_t)(end - at);
  way.count = count;
  return strlen(way.token) == 4;
}

/* CARRY: port, or 0 for ssh; time limits for connecting and for silence in ms, kind of body, how the answer ends,
   whether to send REACHED, count of words; addresses, or the command that starts ssh, and the name of the token
   before the body, each with a NUL; then the first bytes. Connects, and sends those bytes if the host is quick. A
   failure is reported at once, so that the agent can choose another host while the preprocessor runs. Returns 0 when
   the message is wrong, or the agent is gone. */
int begin_carrying(int agent, const unsigned char *bytes, size_t length) {
  memset(&way, 0, sizeof way);
  memset(marks, 0, sizeof marks);
  come = 0;
  begin_answer();
  if (length < CARRY_NUMBERS || (way.message = malloc(length)) == NULL) return 0;
  memcpy(way.message, bytes, length);
  way.agent = agent;
  way.host = -1;
  way.port = (uint16_t)get32(bytes);
  way.connect_ms = (int)get32(bytes + 4);
  way.idle_ms = (int)get32(bytes + 8);
  way.kind = get32(bytes + 12);
  way.ending = (enum ending)get32(bytes + 16);
  way.tells = get32(bytes + 20);
  if (way.kind > NO_BODY || way.ending > WITH_DEPENDENCIES || !read_way(length, get32(bytes + 24))) return 0;
  way.is_open = 1;
  if (take_gate()) return tell_answer(ECANCELED, CLOSED);
  int error = renew(&memories.answer, "answer");
  if (error == 0) error = way.port == 0 ? start_ssh() : dial_next(ENOENT);
  while (error == 0 && !way.connected) {
    struct pollfd wait = {way.host, POLLOUT, 0};
    if (poll(&wait, 1, EARLY_MS) != 1) break;
    error = finish_connecting();
  }
  if (error != 0) return tell_answer(error, CONNECTING);
  if (way.connected) send_on(0);
  if (way.connected && way.kind == NO_BODY && unsent() == 0) reach(SENT);
  return 1;
}
