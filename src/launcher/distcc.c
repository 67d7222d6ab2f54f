/* distcc: hands a compile to the user's agent and obeys it. It starts in a millisecond, which no Node program does.

   What it says to the agent and what it is told stand in src/client/agent/messages.ts. It never decides anything about a
   compile: when no agent can be had, or the agent dies or no longer answers, it becomes the Node program distcc-node, which
   does the same work alone. When it is interrupted it ends what it has started and dies, and the agent notices by the
   connection that closes. */
#include "launcher.h"
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>

static char **words;  /* our own argv */
static int text = -1; /* what the preprocessor wrote */

/* Makes JOB, or NULL when it cannot be made: pid, umask, whether stdin is a terminal, device and inode of the directory, counts of words and
   variables, then directory, words and variables, each with a NUL behind it. */
static unsigned char *make_job(size_t *size) {
  char directory[PATH_MAX];
  struct stat here;
  memset(&here, 0, sizeof here);
  if (getcwd(directory, sizeof directory) == NULL || stat(".", &here) != 0) directory[0] = '\0';
  size_t length = HEADER + 36 + strlen(directory) + 1;
  uint32_t counts[2] = {0, 0};
  char **lists[2] = {words, environ};
  for (int list = 0; list < 2; list++)
    for (char **word = lists[list]; *word != NULL; word++, counts[list]++) length += strlen(*word) + 1;
  unsigned char *message = length > LONGEST ? NULL : malloc(length);
  if (message == NULL) return NULL;
  mode_t mask = umask(0);
  umask(mask);
  uint64_t device = (uint64_t)here.st_dev, inode = (uint64_t)here.st_ino;
  const uint32_t numbers[] = {JOB, (uint32_t)(length - HEADER), (uint32_t)getpid(), (uint32_t)mask, (uint32_t)isatty(0), (uint32_t)device,
                              (uint32_t)(device >> 32), (uint32_t)inode, (uint32_t)(inode >> 32), counts[0], counts[1]};
  for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at++) put32(message + 4 * at, numbers[at]);
  char *end = stpcpy((char *)message + sizeof numbers, directory) + 1;
  for (int list = 0; list < 2; list++)
    for (char **word = lists[list]; *word != NULL; word++) end = stpcpy(end, *word) + 1;
  *size = length;
  return message;
}

/* A command as it comes: a number, counts of words and changes, then the program's path, words and changes. */
static int read_command(unsigned char *bytes, size_t length, struct command *command) {
  if (length < 13 || bytes[length - 1] != '\0') return 0;
  uint32_t argc = get32(bytes + 4), changes = get32(bytes + 8);
  if (argc == 0 || argc > length || changes > length) return 0;
  char **list = calloc((size_t)argc + changes + 3, sizeof *list), *at = (char *)bytes + 12, *end = (char *)bytes + length;
  if (list == NULL) return 0;
  *command = (struct command){get32(bytes), at, list, list + argc + 1};
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

/* Ends as another process did. */
_Noreturn static void end_like(int status) {
  if (WIFEXITED(status)) exit(WEXITSTATUS(status));
  setrlimit(RLIMIT_CORE, &(const struct rlimit){0, 0});
  die_by(WTERMSIG(status));
  exit(128 + WTERMSIG(status));
}

/* Starts a command, waits for it and reports its wait status, or in the upper half why it could not be started; for a preprocessor also
   where the agent finds what it wrote: descriptor, size, inode. 0 when the agent is gone. */
static int run(int fd, uint32_t kind, struct command *command) {
  pid_t pid;
  struct stat found;
  int error = 0, status = 0;
  memset(&found, 0, sizeof found);
  /* A preprocessor writes in small pieces: a reader at the other end would be woken by each. */
  if (kind == PREPROCESS) {
    if (text >= 0) close(text);
    text = out_of_the_way(memfd_create("preprocessed", MFD_CLOEXEC));
    if (text < 0) error = errno;
  }
  if (error == 0) error = start(command, kind == PREPROCESS ? text : -1, &pid);
  if (error == 0) status = wait_for(pid);
  if (kind == PREPROCESS && text >= 0) fstat(text, &found);
  uint64_t size = (uint64_t)found.st_size, inode = (uint64_t)found.st_ino;
  const uint32_t report[] = {(uint32_t)(error == 0 ? status : error << 16), (uint32_t)text, (uint32_t)size,
                             (uint32_t)(size >> 32), (uint32_t)inode, (uint32_t)(inode >> 32)};
  if (tell(fd, ENDED, report, 6)) return 1;
  /* A compiler that has run here has done the job, whether or not the agent hears of it. */
  if (kind == RUN && error == 0) end_like(status);
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
      if (!tell(fd, FAILED, (const uint32_t[]){(uint32_t)errno}, 1)) return;
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
    /* It is made before the agent is woken by our connection, and mostly there when the agent looks. */
    size_t length = 0;
    unsigned char *job = make_job(&length);
    int fd = job == NULL ? -1 : reach_agent();
    if (fd >= 0 && send_all(fd, job, length)) obey(fd);
  }
  become_node(words);
}
