/* distcc: hands a compile to the user's agent and does what it says. It starts in a millisecond, which a Node
   program cannot.

   src/wire/agent describes the messages between both. The launcher decides nothing about a compile, but only it
   touches the caller's files, descriptors and processes, and connects to hosts. When no agent can be reached, or the
   agent dies or hangs, it starts a private one; when that fails too, it becomes the compiler. When it is interrupted
   it ends what it has started and dies; the agent sees the connection close. */
#include "launcher.h"

char **own_words;
struct kept memories = {-1, -1, -1, -1, -1, -1};
static int text_is_good; /* whether the last preprocessor succeeded: otherwise its text is not sent */

/* Whether an environment variable has this value. */
int says(const char *variable, const char *value) {
  const char *found = getenv(variable);
  return found != NULL && strcmp(found, value) == 0;
}

/* The inode of a file, such as one of our namespaces; 0 when it is not known. */
static uint64_t inode_of(const char *path) {
  struct stat found;
  return stat(path, &found) == 0 ? (uint64_t)found.st_ino : 0;
}

/* Whether PWD is a name of the directory that we are in. Compilers take every absolute one as it is, with ".." too. */
static int names_ours(const char *pwd) {
  struct stat named, ours;
  if (*pwd != '/' || strlen(pwd) >= PATH_MAX) return 0;
  return stat(pwd, &named) == 0 && stat(".", &ours) == 0 && named.st_dev == ours.st_dev && named.st_ino == ours.st_ino;
}

/* The directory as compilers write it into objects: by the name in PWD, which may lead through links. Empty when it
   has been removed. */
static void find_directory(char *directory) {
  const char *pwd = getenv("PWD");
  if (pwd != NULL && names_ours(pwd)) strcpy(directory, pwd);
  else if (getcwd(directory, PATH_MAX) == NULL) directory[0] = '\0';
}

/* Makes JOB; NULL when that fails: pid, umask, which of stdin, stdout and stderr are terminals, counts of words and
   of variables, bytes of all names but the variables, bytes of the variables, errno of the hosts file; with 64 bits
   each the mount, user and network namespaces and the root's device and inode; then directory, words, path of the
   hosts file and variables, each with a NUL; and the text of the hosts file. */
static unsigned char *make_job(size_t *size) {
  enum { NUMBERS = 8, SURROUNDINGS = 5 };
  char directory[PATH_MAX], list[PATH_MAX];
  const unsigned char *hosts;
  find_directory(directory);
  size_t listed, variables = 0;
  int error = read_hosts(list, &hosts, &listed);
  size_t names = strlen(directory) + strlen(list) + 2;
  uint32_t counts[2] = {0, 0}, terminals = 0;
  for (char **word = own_words; *word != NULL; word++, counts[0]++) names += strlen(*word) + 1;
  for (char **word = environ; *word != NULL; word++, counts[1]++) variables += strlen(*word) + 1;
  *size = HEADER + NUMBERS * 4 + SURROUNDINGS * 8 + names + variables + listed;
  unsigned char *message = *size > LONGEST ? NULL : malloc(*size);
  if (message == NULL) return NULL;
  mode_t mask = umask(0);
  umask(mask);
  for (int fd = 0; fd < 3; fd++) terminals |= isatty(fd) ? 1U << fd : 0;
  const uint32_t numbers[2 + NUMBERS] = {
      JOB,       (uint32_t)(*size - HEADER), (uint32_t)getpid(), (uint32_t)mask,      terminals,
      counts[0], counts[1],                  (uint32_t)names,    (uint32_t)variables, (uint32_t)error};
  unsigned char *at = message;
  for (size_t number = 0; number < 2 + NUMBERS; number++, at += 4) put32(at, numbers[number]);
  struct stat root;
  if (stat("/", &root) != 0) memset(&root, 0, sizeof root);
  const uint64_t surroundings[SURROUNDINGS] = {inode_of("/proc/self/ns/mnt"), inode_of("/proc/self/ns/user"),
                                               inode_of("/proc/self/ns/net"), (uint64_t)root.st_dev,
                                               (uint64_t)root.st_ino};
  for (size_t number = 0; number < SURROUNDINGS; number++, at += 8) put64(at, surroundings[number]);
  char *end = stpcpy((char *)at, directory) + 1;
  for (char **word = own_words; *word != NULL; word++) end = stpcpy(end, *word) + 1;
  end = stpcpy(end, list) + 1;
  for (char **word = environ; *word != NULL; word++) end = stpcpy(end, *word) + 1;
  memcpy(end, hosts, listed);
  return message;
}

/* Reads a command: a number, counts of words and of changes, then words, changes, source and output. */
static int read_command(unsigned char *bytes, size_t length, struct command *command) {
  if (length < 13) return 0;
  uint32_t argc = get32(bytes + 4), changes = get32(bytes + 8);
  if (argc == 0 || argc > length || changes > length) return 0;
  char **list = hold(calloc((size_t)argc + changes + 2, sizeof *list));
  char *at = (char *)bytes + 12, *end = (char *)bytes + length, *files[2];
  if (list == NULL) return 0;
  at = read_strings(at, end, list, argc);
  at = read_strings(at, end, list + argc + 1, changes);
  if (read_strings(at, end, files, 2) == NULL) return 0;
  command->source = files[0];
  command->output = files[1];
  command->number = get32(bytes);
  command->argv = list;
  command->changes = list + argc + 1;
  return 1;
}

/* EXEC with a number: the program gets its argv[0] and then our own words from that index on, byte for byte. */
static int with_own_words(struct command *command) {
  if (command->number == 0) return 1;
  for (uint32_t at = 0; at < command->number; at++)
    if (own_words[at] == NULL) return 0;
  command->argv = in_front(command->argv[0], NULL, own_words + command->number);
  return command->argv != NULL;
}

/* Replaces a memory file by a new one. */
int renew(int *fd, const char *name) {
  if (*fd >= 0) close(*fd);
  *fd = out_of_the_way(memfd_create(name, MFD_CLOEXEC));
  return *fd < 0 ? errno : 0;
}

/* Sends ENDED: a wait status, or in the upper half the errno of a failed start; descriptor, inode and size of what
   the program wrote; how much it wrote to stderr, what is wrong with the output, and device and inode of the
   program. `wrote` has the memory files of its stdout and stderr, or -1. */
static int report(int fd, uint32_t status, const struct command *command, uint32_t output, const int *wrote) {
  struct stat text, messages;
  if (wrote[0] < 0 || fstat(wrote[0], &text) != 0) memset(&text, 0, sizeof text);
  if (wrote[1] < 0 || fstat(wrote[1], &messages) != 0) memset(&messages, 0, sizeof messages);
  uint64_t wide[4] = {(uint64_t)text.st_ino, (uint64_t)text.st_size, (uint64_t)command->program.found.st_dev,
                      (uint64_t)command->program.found.st_ino};
  uint32_t numbers[12] = {status, (uint32_t)wrote[0], (uint32_t)messages.st_size, output};
  for (int at = 0; at < 4; at++) {
    numbers[4 + 2 * at] = (uint32_t)wide[at];
    numbers[5 + 2 * at] = (uint32_t)(wide[at] >> 32);
  }
  return tell(fd, ENDED, numbers, 12);
}

/* RUN: runs a program with our own descriptors. Returns 0 when the agent is gone. */
static int run(int fd, struct command *command) {
  int error = start(command, NULL, PROGRAM), status = error == 0 ? wait_for_program() : error << 16;
  if (report(fd, (uint32_t)status, command, 0, (const int[]){-1, -1})) return 1;
  /* A compiler that has run here has done the job, even if the agent is gone. */
  if (error == 0) end_like(status);
  return 0;
}

/* While the preprocessor runs: takes CARRY, since the agent has usually chosen a host by now and connecting takes
   time. */
static void begin_meanwhile(int fd) {
  unsigned char header[HEADER], *bytes;
  int end = watch_program();
  struct pollfd waits[] = {{fd, POLLIN, 0}, {end, POLLIN, 0}};
  int ready;
  /* Lines of the log may precede CARRY. */
  do ready = poll(waits, 2, end < 0 ? MEANWHILE_MS : -1) > 0 && waits[0].revents != 0;
  while (ready && do_writes(fd));
  if (end >= 0) close(end);
  if (!ready) return;
  if (recv(fd, header, HEADER, MSG_PEEK | MSG_DONTWAIT) != HEADER) return;
  uint32_t length = get32(header + 4);
  if (get32(header) != CARRY || length > LONGEST || (bytes = malloc((size_t)length + 1)) == NULL) return;
  if (read_all(fd, header, HEADER) && read_all(fd, bytes, length)) begin_carrying(fd, bytes, length);
  free(bytes);
}

/* PREPROCESS: the program writes to memory files, since the reader of a pipe would be woken for each small piece.
   TAKE: the source itself is the text. */
static int preprocess(int fd, struct command *command, int takes) {
  int status = 0, error = renew(&memories.text, "preprocessed");
  if (error == 0) error = renew(&memories.messages, "messages");
  if (error == 0) error = takes ? 0 : start(command, (const int[]){-1, memories.text, memories.messages}, PROGRAM);
  uint32_t output = look_at_output(command->source, command->output);
  if (error == 0 && !takes) begin_meanwhile(fd);
  if (error == 0 && takes) error = copy_file(command->source, memories.text);
  else if (error == 0) status = wait_for_program();
  text_is_good = error == 0 && status == 0 && output == 0;
  const int wrote[] = {memories.text, memories.messages};
  return report(fd, (uint32_t)(error == 0 ? status : error << 16), command, output, wrote) && carry_text(text_is_good);
}

/* PROBE: the agent asks a program something. The text stays what it is, since a host may still be sent it. */
static int probe(int fd, struct command *command) {
  int error = renew(&memories.found, "found");
  if (error == 0) error = renew(&memories.remarks, "remarks");
  const int wrote[] = {memories.found, memories.remarks};
  if (error == 0) error = start(command, (const int[]){-1, wrote[0], wrote[1]}, PROGRAM);
  return report(fd, (uint32_t)(error == 0 ? wait_for_program() : error << 16), command, 0, wrote);
}

/* Sends TEXT, for an agent that cannot open our descriptors: what the preprocessor or the host wrote, in pieces, and
   an empty piece at the end. */
static int send_text(int fd, int memory) {
  static unsigned char bytes[HEADER + PIECE];
  ssize_t got;
  off_t at = 0;
  do {
    got = memory < 0 ? 0 : pread(memory, bytes + HEADER, PIECE, at);
    if (got < 0) return 0;
    put32(bytes, TEXT);
    put32(bytes + 4, (uint32_t)got);
    if (!send_all(fd, bytes, HEADER + (size_t)got)) return 0;
    at += got;
  } while (got > 0);
  return 1;
}

/* Of SEND_TEXT: what the preprocessor wrote, what a host has sent, what the preprocessor wrote to stderr, and what a
   program wrote that the agent asked, to stdout and to stderr. */
static int kept_as(uint32_t number) {
  const int kept[] = {memories.text, memories.answer, memories.messages, memories.found, memories.remarks};
  return kept[number < sizeof kept / sizeof *kept ? number : 0];
}

/* SHOW: shows what the preprocessor wrote to stderr. */
static void show(void) {
  unsigned char bytes[16 * 1024];
  ssize_t got;
  for (off_t at = 0; memories.messages >= 0 && (got = pread(memories.messages, bytes, sizeof bytes, at)) > 0; at += got)
    write_all(2, bytes, (size_t)got);
}

/* EXEC: returns only when it fails. The open connection holds the compiler's slot: the kernel closes it when the
   compiler ends. */
static int become_and_tell(int fd, struct command *command) {
  fcntl(fd, F_SETFD, 0);
  become(command);
  int reason = errno;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return tell(fd, FAILED, (const uint32_t[]){(uint32_t)reason}, 1);
}

/* Handles a message with a command. Returns 0 when it is wrong, or the agent is gone. */
static int do_command(int fd, uint32_t kind, unsigned char *bytes, size_t length) {
  struct command command;
  memset(&command, 0, sizeof command);
  release_held();
  if (!give_way_up() || !read_command(bytes, length, &command)) return 0;
  if (kind == RUN) return run(fd, &command);
  if (kind == PROBE) return probe(fd, &command);
  if (kind == EXEC) return with_own_words(&command) && become_and_tell(fd, &command);
  return preprocess(fd, &command, kind == TAKE);
}

/* CHECK_OUTPUT: names of a source and an output, each with a NUL. CHECKED: what is wrong with the output, as in
   ENDED. */
static int tell_output(int fd, unsigned char *bytes, size_t length) {
  char *names[2];
  if (length == 0 || read_strings((char *)bytes, (char *)bytes + length, names, 2) == NULL) return 0;
  return tell_with_next(fd, CHECKED, (const uint32_t[]){look_at_output(names[0], names[1])}, 1);
}

static int do_message(int fd, uint32_t kind, unsigned char *bytes, size_t length) {
  switch (kind) {
  case WRITE:
    if (length < 4 || (int)get32(bytes) <= 0 || (int)get32(bytes) == fd) return 0;
    write_all((int)get32(bytes), bytes + 4, length - 4);
    return 1;
  case EXIT:
    if (length >= 4 && give_way_up()) end_like((int)get32(bytes));
    return 0;
  case SHOW:
    show();
    return 1;
  case APPEND:
    append(bytes, length);
    return 1;
  case PREPROCESS:
  case TAKE:
  case PROBE:
  case RUN:
  case EXEC:
    return do_command(fd, kind, bytes, length);
  case SEND_TEXT:
    return send_text(fd, kept_as(length < 4 ? 0 : get32(bytes)));
  case CARRY:
    release_held();
    return give_way_up() && begin_carrying(fd, bytes, length) && carry_text(text_is_good);
  case MORE:
    return carry_more(fd, bytes, length);
  case STAMP:
    return tell_stamps(fd, bytes, length);
  case GATE:
    return look_at_gate(bytes, length);
  case FETCH:
    return fetch_inputs(fd, bytes, length);
  case FOLLOW:
    return tell_targets(fd, bytes, length);
  case CHECK_OUTPUT:
    return tell_output(fd, bytes, length);
  case READ:
    return read_for_agent(fd, bytes, length);
  case LOOK:
    return look(fd, bytes, length);
  default:
    return kind == PONG;
  }
}

/* Handles one message that only writes something, or answers PING. Returns 0 when the next message is another one. */
int do_writes(int fd) {
  unsigned char header[HEADER], *bytes;
  if (recv(fd, header, HEADER, MSG_PEEK | MSG_DONTWAIT) != HEADER) return 0;
  uint32_t kind = get32(header), length = get32(header + 4);
  if ((kind != WRITE && kind != APPEND && kind != PONG) || length > LONGEST) return 0;
  if ((bytes = malloc((size_t)length + 1)) == NULL) return 0;
  int done = read_all(fd, header, HEADER) && read_all(fd, bytes, length) && do_message(fd, kind, bytes, length);
  free(bytes);
  return done;
}

/* Does what the agent says. Returns when the agent is gone, sends unknown messages, or wants a private agent to do
   the job. */
static void obey(int fd) {
  unsigned char header[HEADER], *bytes;
  text_is_good = 0; /* what an earlier agent had made is not this one's */
  take_gate();
  for (; read_all(fd, header, HEADER); free(bytes)) {
    uint32_t kind = get32(header), length = get32(header + 4);
    bytes = NULL;
    if (kind == SAVE || kind == SAVE_ANSWER) {
      if (!save(fd, length, kind == SAVE ? -1 : memories.answer)) break;
      continue;
    }
    if (kind == KEEP) {
      if (!carry_body(fd, length)) break;
      continue;
    }
    bytes = kind < WRITE || kind > LAST || length > LONGEST ? NULL : malloc((size_t)length + 1);
    if (bytes == NULL || !read_all(fd, bytes, length) || !do_message(fd, kind, bytes, length)) break;
  }
  give_way_up();
  close(fd);
}

/* Whether the first word is one of distcc's own options. src/config/client-options.ts has the same words. */
static int wants_commands(void) {
  static const char *const ours[] = {"--help",         "--version",    "--show-hosts", "-j",
                                     "--agent-status", "--agent-stop", "--doctor",     "--explain",
                                     "--scan-includes", "--summary",   "--trace"};
  const char *slash = strrchr(own_words[0], '/'), *first = own_words[1];
  const char *name = slash == NULL ? own_words[0] : slash + 1;
  if (strstr(name, "distcc") == NULL) return 0;
  int found = first == NULL;
  for (size_t at = 0; !found && at < sizeof ours / sizeof *ours; at++) found = strcmp(first, ours[at]) == 0;
  return found;
}

int main(int argc, char **argv) {
  own_words = argv;
  if (argc < 1) return 100;
  if (wants_commands()) become_commands();
  watch_signals();
  /* Made before connecting, so that it is usually there when the agent first reads. */
  size_t length = 0;
  unsigned char *job = make_job(&length);
  int fd = job == NULL || says("DISTCC_AGENT", "0") ? -1 : reach_agent();
  if (fd >= 0 && send_all(fd, job, length)) obey(fd);
  fd = job == NULL ? -1 : start_private();
  if (fd >= 0 && send_all(fd, job, length)) obey(fd);
  compile_alone("neither an agent nor one of its own could be started, or it ended in the middle of the job");
}
