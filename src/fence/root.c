/* A private root for one job. Its user namespace maps no users: files keep their owners, and being "root" in it
   gives no rights. */
#define _GNU_SOURCE 1
#include "root.h"
#include "fail.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From <linux/mount.h>, which some C libraries do not install. */
struct attributes {
  uint64_t set, clear, propagation, namespace;
};
enum { MOUNT_SETATTR = 442, READ_ONLY = 1, NO_SETUID = 2, NO_DEVICES = 4, NO_PROGRAMS = 8, RECURSIVE = 0x8000 };

static void set(const char *path, unsigned flags, uint64_t attributes) {
  struct attributes wanted = {.set = attributes};
  if (syscall(MOUNT_SETATTR, AT_FDCWD, path, flags, &wanted, sizeof wanted) != 0) fail(GENERAL, "cannot protect", path);
}

/* A path in the new root. */
static const char *below(const char *root, const char *path) {
  static char place[PATH_MAX];
  if ((size_t)snprintf(place, sizeof place, "%s%s", root, path) >= sizeof place) {
    errno = ENAMETOOLONG;
    fail(GENERAL, "cannot name", path);
  }
  return place;
}

/* Opens a path of the new root part by part, and no part may be a link; -1 and errno when it cannot. openat2() would do
   it in one call, but systemd's RestrictSUIDSGID= forbids that call. */
static int open_without_links(int root_folder, const char *path) {
  int at = dup(root_folder);
  while (at >= 0 && *(path += strspn(path, "/")) != '\0') {
    char part[NAME_MAX + 1];
    size_t length = strcspn(path, "/");
    struct stat about = {0};
    int next = -1, is_last = path[length] == '\0';
    if (length > NAME_MAX) errno = ENAMETOOLONG;
    else {
      memcpy(part, path, length);
      part[length] = '\0';
      if (strcmp(part, "..") == 0) errno = EXDEV;
      else next = openat(at, part, O_PATH | O_NOFOLLOW | O_CLOEXEC | (is_last ? 0 : O_DIRECTORY));
    }
    if (next >= 0 && is_last && (fstat(next, &about) != 0 || S_ISLNK(about.st_mode))) {
      close(next);
      next = -1;
      errno = ELOOP;
    }
    int reason = errno;
    close(at);
    errno = reason;
    at = next;
    path += length;
  }
  return at;
}

/* Shows a path of the machine at its own place. A client's tree has links of its own, which may lead anywhere: a mount
   through one of them would lie elsewhere, and the compiler see what the client has put in its place. */
static void show(int root_folder, const char *root, const char *path) {
  int place = open_without_links(root_folder, path);
  /* What is gone in the meantime the compiler does without. */
  if (place >= 0 ? mount(path, below(root, path), NULL, MS_BIND | MS_REC, NULL) != 0 && errno != ENOENT
                 : errno != ENOENT)
    fail(GENERAL, "cannot show a job", path);
  if (place >= 0) close(place);
}

void become_root(const char *root, char **paths, long count, const char *directory) {
  if (mount(root, root, NULL, MS_BIND | MS_REC, NULL) != 0) fail(GENERAL, "cannot make a root of", root);
  int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) fail(GENERAL, "cannot make a root of", root);
  for (long at = 0; at < count; at++) show(folder, root, paths[at]);
  close(folder);
  set(root, RECURSIVE, READ_ONLY | NO_SETUID);
  /* What lies in the folder itself is data, whoever has put it there. */
  set(root, 0, NO_DEVICES | NO_PROGRAMS);
  const char *job = below(root, JOB_FOLDER);
  if (mount(".", job, NULL, MS_BIND, NULL) != 0) fail(GENERAL, "cannot show a job", "its folder");
  set(job, 0, NO_SETUID | NO_DEVICES | NO_PROGRAMS);
  if (chdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0)
    fail(GENERAL, "cannot make a root of", root);
  if (chdir(directory) != 0) fail(GENERAL, "cannot enter", directory);
}
