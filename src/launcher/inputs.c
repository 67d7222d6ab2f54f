/* What a compile would read, for an agent that finds it instead of a preprocessor: what the file system tells of many
   paths at once, whole files, and where links lead. */
#include "launcher.h"
#include <time.h>
#ifdef __FreeBSD__
#include <sys/mount.h>
#else
#include <sys/statfs.h>
#endif

enum { STAMP_SIZE = 48, MOST_PATHS = 65536, LARGEST_INPUT = 8 * 1024 * 1024, MOST_OUTPUTS = 8 };

#ifdef __FreeBSD__
#define TYPE_OF(about) (about).f_fstypename
static const char *const types[] = {"ufs", "zfs", "tmpfs"};
static int is_type(const char *type, size_t at) {
  return strcmp(type, types[at]) == 0;
}
#else
#define TYPE_OF(about) (unsigned long)(about).f_type
/* ext, xfs, btrfs, tmpfs, overlay, zfs, f2fs, bcachefs: the first in <linux/magic.h>. */
static const unsigned long types[] = {0xef53,     0x58465342, 0x9123683e, 0x01021994,
                                      0x794c7630, 0x2fc12fc1, 0xf2f52010, 0xca451a4e};
static int is_type(unsigned long type, size_t at) {
  return type == types[at];
}
#endif

/* On file systems of this machine the times show every change. */
static int is_trusted(const struct statfs *about) {
  int found = 0;
  for (size_t at = 0; !found && at < sizeof types / sizeof *types; at++) found = is_type(TYPE_OF(*about), at);
  return found;
}

/* Devices that have been asked for: mostly there are one or two. */
static struct {
  dev_t device;
  int trusted;
} known[16];
static size_t known_count;

static int is_on_trusted(const char *path, int fd, const struct stat *found) {
  for (size_t at = 0; at < known_count; at++)
    if (known[at].device == found->st_dev) return known[at].trusted;
  struct statfs about;
  if ((fd >= 0 ? fstatfs(fd, &about) : statfs(path, &about)) != 0) return 0;
  int trusted = is_trusted(&about);
  if (known_count < sizeof known / sizeof *known) {
    known[known_count].device = found->st_dev;
    known[known_count++].trusted = trusted;
  }
  return trusted;
}

static uint64_t nanoseconds(const struct timespec *time) {
  return (uint64_t)time->tv_sec * 1000000000U + (uint64_t)time->tv_nsec;
}

/* A stamp: errno, mode; device, inode, size, and the times of the last changes to content and to anything, in ns,
   with 64 bits each. What the file system does not vouch for has EMEDIUMTYPE. The size of a directory tells nothing. */
static void put_stamp(unsigned char *at, int error, const struct stat *found) {
  memset(at, 0, STAMP_SIZE);
  put32(at, (uint32_t)error);
  if (error != 0) return;
  put32(at + 4, found->st_mode);
  put64(at + 8, (uint64_t)found->st_dev);
  put64(at + 16, (uint64_t)found->st_ino);
  put64(at + 24, S_ISDIR(found->st_mode) ? 0 : (uint64_t)found->st_size);
  put64(at + 32, nanoseconds(&found->st_mtim));
  put64(at + 40, nanoseconds(&found->st_ctim));
}

static void stamp(const char *path, unsigned char *at) {
  struct stat found;
  int error = lstat(path, &found) == 0 ? 0 : errno;
  /* A link's target would be asked, and the link lies in a directory that is asked itself. */
  if (error == 0 && !S_ISLNK(found.st_mode) && !is_on_trusted(path, -1, &found)) error = EMEDIUMTYPE;
  put_stamp(at, error, &found);
}

/* How many strings there are, or -1 when the last has no end or there are too many. */
static ssize_t count_paths(const unsigned char *bytes, size_t length) {
  ssize_t count = 0;
  if (length == 0 || bytes[length - 1] != '\0') return -1;
  for (size_t at = 0; at < length; at++) count += bytes[at] == '\0';
  return count > MOST_PATHS ? -1 : count;
}

static int send_message(int fd, uint32_t kind, unsigned char *message, size_t content) {
  put32(message, kind);
  put32(message + 4, (uint32_t)content);
  return send_all(fd, message, HEADER + content);
}

/* STAMP: absolute paths, each with a NUL. STAMPS: a stamp for each. Links are not followed. */
int tell_stamps(int fd, const unsigned char *bytes, size_t length) {
  ssize_t count = count_paths(bytes, length);
  unsigned char *message = count < 0 ? NULL : malloc(HEADER + (size_t)count * STAMP_SIZE);
  if (message == NULL) return 0;
  unsigned char *at = message + HEADER;
  for (const char *path = (const char *)bytes; at < message + HEADER + count * STAMP_SIZE; at += STAMP_SIZE) {
    stamp(path, at);
    path += strlen(path) + 1;
  }
  int sent = send_message(fd, STAMPS, message, (size_t)count * STAMP_SIZE);
  free(message);
  return sent;
}

static uint32_t turned(uint32_t word, int by) {
  return word << by | word >> (32 - by);
}

/* What stampsDigest() of src/wire/agent/gate.ts computes, stamp by stamp. */
static void add_to_digest(uint32_t *state, const unsigned char *stamp) {
  static const uint32_t factors[] = {0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93};
  static const uint32_t addends[] = {0x561ccd1b, 0x0bcaa747, 0x96cd1c35, 0x32ac3b17};
  static const int turns_of_word[] = {15, 16, 17, 18}, turns_of_lane[] = {19, 17, 15, 13};
  for (size_t at = 0; at < STAMP_SIZE / 4; at++) {
    const size_t lane = at % 4, next = (at + 1) % 4;
    const uint32_t word = turned(get32(stamp + 4 * at) * factors[lane], turns_of_word[lane]) * factors[next];
    state[lane] = (turned(state[lane] ^ word, turns_of_lane[lane]) + state[next]) * 5 + addends[lane];
  }
}

static int is_closed; /* something was not as the last GATE wants it */

/* Whether the last GATE was closed, once. */
int take_gate(void) {
  int was_closed = is_closed;
  is_closed = 0;
  return was_closed;
}

/* GATE: 16 bytes of a digest, count of outputs; names of the source and the outputs, and paths, each with a NUL.
   Looks whether the outputs can be written and the paths have stamps with that digest. */
int look_at_gate(unsigned char *bytes, size_t length) {
  enum { DIGEST = 16, NUMBERS = DIGEST + 4 };
  const uint32_t count = length < NUMBERS ? UINT32_MAX : get32(bytes + DIGEST);
  char *names[1 + MOST_OUTPUTS];
  if (count > MOST_OUTPUTS) return 0;
  const char *path = read_strings((char *)bytes + NUMBERS, (char *)bytes + length, names, 1 + count);
  const char *end = (const char *)bytes + length;
  if (path == NULL || count_paths((const unsigned char *)path, (size_t)(end - path)) < 0) return 0;
  is_closed = 0;
  for (uint32_t at = 0; at < count; at++) is_closed |= look_at_output(names[0], names[1 + at]) != 0;
  uint32_t state[DIGEST / 4] = {0};
  for (; !is_closed && path < end; path += strlen(path) + 1) {
    unsigned char found[STAMP_SIZE];
    stamp(path, found);
    add_to_digest(state, found);
  }
  for (size_t at = 0; at < DIGEST / 4; at++) is_closed |= state[at] != get32(bytes + 4 * at);
  return 1;
}

/* Reads a regular file of which nothing changes meanwhile, else gives errno. */
static int read_input(const char *path, struct stat *found, unsigned char **bytes) {
  struct stat after;
  *bytes = NULL;
  int from = out_of_the_way(open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)), error = 0;
  if (from < 0) return errno;
  if (fstat(from, found) != 0) error = errno;
  else if (!S_ISREG(found->st_mode)) error = EINVAL;
  else if (!is_on_trusted(path, from, found)) error = EMEDIUMTYPE;
  else if (found->st_size > LARGEST_INPUT) error = EFBIG;
  else if ((*bytes = malloc((size_t)found->st_size + 1)) == NULL) error = ENOMEM;
  size_t length = 0;
  for (ssize_t got = 1; error == 0 && got != 0; length += got > 0 ? (size_t)got : 0) {
    got = length > (size_t)found->st_size ? 0 : read(from, *bytes + length, (size_t)found->st_size + 1 - length);
    if (got < 0 && errno != EINTR) error = errno;
  }
  if (error == 0 && fstat(from, &after) != 0) error = errno;
  if (error == 0) {
    unsigned char first[STAMP_SIZE], second[STAMP_SIZE];
    put_stamp(first, 0, found);
    put_stamp(second, 0, &after);
    if (length != (size_t)found->st_size || memcmp(first, second, STAMP_SIZE) != 0) error = EAGAIN;
  }
  close(from);
  return error;
}

/* INPUT: the time in ns before it was read, with 64 bits, its stamp, and its bytes. */
static int send_input(int fd, const char *path) {
  struct timespec now;
  struct stat found;
  unsigned char head[HEADER + 8 + STAMP_SIZE], *bytes;
  clock_gettime(CLOCK_REALTIME, &now);
  memset(&found, 0, sizeof found);
  int error = read_input(path, &found, &bytes);
  size_t length = error == 0 ? (size_t)found.st_size : 0;
  put32(head, INPUT);
  put32(head + 4, (uint32_t)(8 + STAMP_SIZE + length));
  put64(head + HEADER, nanoseconds(&now));
  put_stamp(head + HEADER + 8, error, &found);
  int sent = send_all(fd, head, sizeof head) && (length == 0 || send_all(fd, bytes, length));
  free(bytes);
  return sent;
}

/* FETCH: paths, each with a NUL. INPUT for each, in their order. */
int fetch_inputs(int fd, const unsigned char *bytes, size_t length) {
  if (count_paths(bytes, length) < 0) return 0;
  for (const char *path = (const char *)bytes; path < (const char *)bytes + length; path += strlen(path) + 1)
    if (!send_input(fd, path)) return 0;
  return 1;
}

/* FOLLOW: paths, each with a NUL. TARGETS: the text of each link with a NUL, an empty one for what is not a link. */
int tell_targets(int fd, const unsigned char *bytes, size_t length) {
  ssize_t count = count_paths(bytes, length);
  unsigned char *message = count < 0 ? NULL : malloc(HEADER + (size_t)count * PATH_MAX);
  if (message == NULL) return 0;
  size_t filled = HEADER;
  for (const char *path = (const char *)bytes; path < (const char *)bytes + length; path += strlen(path) + 1) {
    ssize_t got = readlink(path, (char *)message + filled, PATH_MAX - 1);
    filled += got > 0 ? (size_t)got : 0;
    message[filled++] = '\0';
  }
  int sent = send_message(fd, TARGETS, message, filled - HEADER);
  free(message);
  return sent;
}
