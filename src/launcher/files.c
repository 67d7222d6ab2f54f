/* The user's files, which are opened only here: outputs, logs, and files that the agent needs to read. */
#include "launcher.h"
#include <time.h>

/* An incomplete file, which an interrupt removes. It is a pointer, because an interrupt that found half a copied
   name could remove another file. */
const char *volatile unfinished;

static int leads_away(const char *path) {
  char text[PATH_MAX];
  ssize_t length = readlink(path, text, sizeof text - 1);
  if (length < 0) return 0;
  text[length] = '\0';
  return strncmp(text, "/proc/", 6) == 0 || strncmp(text, "/dev/", 5) == 0;
}

/* Copies the directory of a file into PATH_MAX bytes, with room for another name after it. */
static int folder_of(const char *path, char *folder) {
  const char *slash = strrchr(path, '/');
  size_t length = slash == NULL ? 0 : (size_t)(slash - path) + 1;
  if (length + 64 > PATH_MAX) return 0;
  memcpy(folder, path, length);
  strcpy(folder + length, slash == NULL ? "./" : "");
  return 1;
}

/* What would go wrong with an output, asked while the preprocessor runs. If something would, the compiler runs here,
   and the user sees the compiler's own error. */
uint32_t look_at_output(const char *source, const char *output) {
  struct stat of_source, old;
  char folder[PATH_MAX];
  if (*output == '\0') return 0;
  if (stat(output, &old) == 0) {
    if (stat(source, &of_source) == 0 && old.st_dev == of_source.st_dev && old.st_ino == of_source.st_ino)
      return OUTPUT_IS_SOURCE;
    if (S_ISDIR(old.st_mode)) return NOT_WRITABLE;
    if (access(output, W_OK) == 0) return 0;
  }
  if (!folder_of(output, folder)) return NOT_WRITABLE;
  return access(folder, W_OK) == 0 ? 0 : NOT_WRITABLE;
}

/* Writes all bytes. Returns errno; ETIMEDOUT when nothing can be written for that long. */
static int write_whole(int to, const unsigned char *bytes, size_t length, int patience_ms) {
  while (length > 0) {
    ssize_t written = write(to, bytes, length);
    struct pollfd wait = {to, POLLOUT, 0};
    if (written < 0 && errno == EAGAIN && poll(&wait, 1, patience_ms) == 0) return ETIMEDOUT;
    if (written < 0 && errno != EAGAIN && errno != EINTR) return errno;
    if (written < 0) continue;
    bytes += written;
    length -= (size_t)written;
  }
  return 0;
}

/* Copies a file of any kind to a descriptor; returns errno. */
int copy_file(const char *path, int to) {
  unsigned char bytes[64 * 1024];
  int from = out_of_the_way(open(path, O_RDONLY | O_CLOEXEC)), error = 0;
  if (from < 0) return errno;
  for (ssize_t got; error == 0 && (got = read(from, bytes, sizeof bytes)) != 0;) {
    if (got > 0) error = write_whole(to, bytes, (size_t)got, -1);
    else if (errno != EINTR) error = errno;
  }
  close(from);
  return error;
}

/* The bytes of a file that arrive from the agent, or are in a memory file. They are copied in small pieces: touching
   new memory would cost more than reading and writing a piece. */
struct arriving {
  int fd;
  size_t left;
  int lost;   /* the agent is gone */
  int memory; /* a memory file, or -1 */
  off_t at;   /* where in that */
};

static unsigned char piece[16 * 1024];

/* Reads the remaining bytes, and writes them to `to` unless that is -1; returns errno. */
static int take_bytes(struct arriving *bytes, int to) {
  int error = 0;
  while (bytes->left > 0 && !bytes->lost) {
    size_t now = bytes->left < sizeof piece ? bytes->left : sizeof piece;
    if (bytes->memory >= 0 && to < 0) return 0;
    if (bytes->memory >= 0 && error == 0 && pread(bytes->memory, piece, now, bytes->at) != (ssize_t)now) error = EIO;
    else if (bytes->memory < 0 && !read_all(bytes->fd, piece, now)) bytes->lost = 1;
    else if (to >= 0 && error == 0) error = write_whole(to, piece, now, -1);
    bytes->left -= now;
    bytes->at += (off_t)now;
  }
  return error;
}

/* Reads bytes from the agent into a memory file; returns errno, or -1 when the agent is gone. */
int take_body(int fd, size_t length, int to) {
  struct arriving bytes = {fd, length, 0, -1, 0};
  int error = take_bytes(&bytes, to);
  return bytes.lost ? -1 : error;
}

static int write_and_close(int to, struct arriving *bytes) {
  if (to < 0) return errno;
  int error = take_bytes(bytes, to);
  return close(to) != 0 && error == 0 ? errno : error;
}

/* Writes an output in place: one that is not a regular file, or whose directory cannot hold another file. */
static int write_in_place(const char *path, struct arriving *bytes) {
  return write_and_close(out_of_the_way(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)), bytes);
}

/* Fills a new file and gives it its final name; an incomplete one is removed. */
static int fill_new(int to, const char *made, const char *path, struct arriving *bytes) {
  unfinished = made;
  int error = write_and_close(to, bytes);
  if (error == 0 && bytes->lost) error = EPIPE;
  if (error == 0 && path != NULL && rename(made, path) != 0) error = errno;
  if (error != 0) unlink(made);
  unfinished = NULL;
  return error;
}

/* Writes a file, which must not exist yet. */
static int write_new(const char *path, struct arriving *bytes) {
  int to = out_of_the_way(open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  return to < 0 ? errno : fill_new(to, path, NULL, bytes);
}

/* Writes a file beside the output, and renames it when it is complete. The mode of an empty old output is kept, as a
   compiler would. */
static int replace(const char *path, const struct stat *old, struct arriving *bytes) {
  char name[PATH_MAX];
  if (!folder_of(path, name)) return ENAMETOOLONG;
  size_t end = strlen(name);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  snprintf(name + end, PATH_MAX - end, ".distcc-%d-%ld.tmp", (int)getpid(), now.tv_nsec);
  unfinished = name; /* set before the file exists: nobody else has this name, and an interrupt may come at once */
  int made = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666), to = out_of_the_way(made);
  int error = to < 0 ? errno : 0;
  if (made >= 0 && to < 0) unlink(name);
  if (to < 0) unfinished = NULL;
  if (to < 0) return old != NULL && access(path, W_OK) == 0 ? write_in_place(path, bytes) : error;
  if (old != NULL && old->st_size == 0 && fchmod(to, old->st_mode & 07777) != 0) errno = 0;
  return fill_new(to, name, path, bytes);
}

/* Writes the output as the compiler would; but a regular file appears complete or not at all. */
static int save_output(const char *path, uint32_t flags, struct arriving *bytes) {
  struct stat old, link;
  if (flags & NEW_NAME) return write_new(path, bytes);
  int there = stat(path, &old) == 0;
  int is_link = lstat(path, &link) == 0 && S_ISLNK(link.st_mode);
  if (there && !S_ISREG(old.st_mode)) return write_in_place(path, bytes);
  if (strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0) return write_in_place(path, bytes);
  if (is_link && (!there || old.st_size == 0 || (flags & THROUGH_LINKS) || leads_away(path)))
    return write_in_place(path, bytes);
  return replace(path, there ? &old : NULL, bytes);
}

/* Skips messages after a file that could not be saved, up to GO_ON. Returns 0 when the agent is gone. */
static int pass_over(int fd) {
  unsigned char header[HEADER];
  do {
    if (!read_all(fd, header, HEADER)) return 0;
    struct arriving bytes = {fd, get32(header + 4), 0, -1, 0};
    take_bytes(&bytes, -1);
    if (bytes.lost) return 0;
  } while (get32(header) != GO_ON);
  return 1;
}

/* SAVE: flags, a number, length of the path, the path with a NUL, the bytes. When it fails SAVED tells why, and all
   messages up to GO_ON are skipped; not for a NEW_NAME file, which is an extra. SAVE_ANSWER: offset and length of a
   part of the host's answer, in place of the bytes. Returns 0 when the agent is gone. */
int save(int fd, size_t length, int memory) {
  static char path[PATH_MAX];
  unsigned char numbers[12];
  if (length < sizeof numbers || !read_all(fd, numbers, sizeof numbers)) return 0;
  size_t named = get32(numbers + 8);
  if (named == 0 || named > sizeof path || named > length - sizeof numbers) return 0;
  if (!read_all(fd, path, named) || path[named - 1] != '\0') return 0;
  struct arriving bytes = {fd, length - sizeof numbers - named, 0, -1, 0};
  unsigned char part_of[8];
  if (memory >= 0 && (bytes.left != sizeof part_of || !read_all(fd, part_of, sizeof part_of))) return 0;
  if (memory >= 0) bytes = (struct arriving){fd, get32(part_of + 4), 0, memory, (off_t)get32(part_of)};
  uint32_t flags = get32(numbers);
  int error = save_output(path, flags, &bytes);
  take_bytes(&bytes, -1);
  if (bytes.lost) return 0;
  if (error == 0) return 1;
  return tell(fd, SAVED, (const uint32_t[]){(uint32_t)error, get32(numbers + 4)}, 2) &&
         ((flags & NEW_NAME) || pass_over(fd));
}

/* Opens the log without following a link, which another user may have made, and without waiting for a fifo. */
static int open_log(const char *path) {
  struct stat found;
  if (lstat(path, &found) == 0 && S_ISLNK(found.st_mode) && found.st_uid != geteuid() && found.st_uid != 0) {
    errno = ELOOP;
    return -1;
  }
  return out_of_the_way(open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666));
}

/* APPEND: a path and bytes for that file, the same one each time; they go to stderr when it cannot be opened. A job
   does not wait for the reader of its log: when that stops reading, the other lines are lost. */
void append(const unsigned char *bytes, size_t length) {
  enum { PATIENCE_MS = 1000 };
  static int log = -1, error;
  const unsigned char *end = memchr(bytes, '\0', length);
  if (end == NULL || error != 0) return;
  const char *path = (const char *)bytes;
  if (log < 0 && (log = open_log(path)) < 0) {
    log = 2;
    fprintf(stderr, "distcc[%d] ERROR: failed to open logfile %s: %s\n", (int)getpid(), path, strerror(errno));
  }
  error = write_whole(log, end + 1, (size_t)(bytes + length - end - 1), log == 2 ? -1 : PATIENCE_MS);
  if (error != 0 && log != 2)
    fprintf(stderr, "distcc[%d] ERROR: failed to write logfile %s: %s\n", (int)getpid(), path, strerror(error));
}

/* Reads at most PIECE bytes of a file; one that would have to be waited for counts as empty. Returns errno. */
static int read_file(const char *path, unsigned char *bytes, size_t *length) {
  struct stat found;
  *length = 0;
  int from = out_of_the_way(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (from < 0) return errno;
  int error = fstat(from, &found) == 0 && S_ISDIR(found.st_mode) ? EISDIR : 0;
  for (ssize_t got; error == 0 && *length < PIECE && (got = read(from, bytes + *length, PIECE - *length)) > 0;)
    *length += (size_t)got;
  close(from);
  return error;
}

static unsigned char part[8 + PIECE];

/* READ: the name of a file. CONTENT: errno or 0, length, bytes. */
int read_for_agent(int fd, const unsigned char *bytes, size_t length) {
  if (length == 0 || bytes[length - 1] != '\0') return 0;
  size_t got;
  int error = read_file((const char *)bytes, part + 8, &got);
  unsigned char header[HEADER];
  put32(part, (uint32_t)error);
  put32(part + 4, (uint32_t)got);
  put32(header, CONTENT);
  put32(header + 4, (uint32_t)(8 + got));
  return send_all(fd, header, HEADER) && send_all(fd, part, 8 + got);
}

/* Reads the hosts file, whose text the agent needs for each job: the first that exists, unless a variable holds the
   list. Returns errno. A file that we may not read counts as missing. */
int read_hosts(char *path, const unsigned char **text, size_t *length) {
  const char *own = getenv("DISTCC_DIR"), *home = getenv("HOME");
  int error = ENOENT, given = own != NULL && *own != '\0';
  *text = part;
  *length = 0;
  path[0] = '\0';
  if (getenv("DISTCC_HOSTS") != NULL) return 0;
  if (given || (home != NULL && *home != '\0')) {
    if (snprintf(path, PATH_MAX, "%s%s", given ? own : home, given ? "/hosts" : "/.distcc/hosts") >= PATH_MAX)
      return ENAMETOOLONG;
    error = read_file(path, part, length);
  }
  if (error == ENOENT || error == EACCES || error == ENOTDIR) {
    strcpy(path, SYSTEM_HOSTS);
    error = read_file(path, part, length);
  }
  if (error == ENOENT || error == EACCES || error == ENOTDIR) path[0] = '\0';
  return error;
}
