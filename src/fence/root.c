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
#include <sys/mount.h>
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

void become_root(const char *root, char **paths, long count) {
  if (mount(root, root, NULL, MS_BIND | MS_REC, NULL) != 0) fail(GENERAL, "cannot make a root of", root);
  for (long at = 0; at < count; at++)
    /* A path that has disappeared meanwhile is skipped. */
    if (mount(paths[at], below(root, paths[at]), NULL, MS_BIND | MS_REC, NULL) != 0 && errno != ENOENT)
      fail(GENERAL, "cannot show a job", paths[at]);
  set(root, RECURSIVE, READ_ONLY | NO_SETUID);
  const char *job = below(root, JOB_FOLDER);
  if (mount(".", job, NULL, MS_BIND, NULL) != 0) fail(GENERAL, "cannot show a job", "its folder");
  set(job, 0, NO_SETUID | NO_DEVICES | NO_PROGRAMS);
  if (chdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0)
    fail(GENERAL, "cannot make a root of", root);
  if (chdir(JOB_FOLDER) != 0) fail(GENERAL, "cannot enter", JOB_FOLDER);
}
