/* Restricts a compiler to its own job's files, and keeps it from signalling or tracing other processes
   (landlock(7)). */
#define _GNU_SOURCE 1
#include "landlock.h"
#include "fail.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From <linux/landlock.h>, which some C libraries do not install. */
struct ruleset {
  uint64_t files, network, scopes;
};
struct path_beneath {
  uint64_t allowed;
  int32_t parent;
} __attribute__((packed));
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, VERSION = 1, PATH_BENEATH = 1 };
enum { EXECUTE = 1 << 0, WRITE_FILE = 1 << 1, READ_FILE = 1 << 2, READ_DIR = 1 << 3 };
enum { ALL_OF_1 = (1 << 13) - 1, REFER = 1 << 13, TRUNCATE = 1 << 14 };
enum { ABSTRACT_SOCKETS = 1 << 0, SIGNALS = 1 << 1 };

static uint64_t rights;
static int rules = -1;

/* The folders on the path to the job's folder, the root first. One of them under another name, as through a bind
   mount, must not be allowed, since that would allow everything below it. */
static struct stat way[PATH_MAX / 2];
static int ways;

int landlock_version(void) {
  return (int)syscall(CREATE_RULESET, NULL, 0, VERSION);
}

static void begin(int version) {
  rights = ALL_OF_1 | (version >= 2 ? REFER : 0) | (version >= 3 ? TRUNCATE : 0);
  struct ruleset attributes = {.files = rights, .scopes = version >= 6 ? ABSTRACT_SOCKETS | SIGNALS : 0};
  /* Kernels accept a longer structure than theirs when the unknown part is 0. */
  rules = (int)syscall(CREATE_RULESET, &attributes, sizeof attributes, 0);
  if (rules < 0) fail(GENERAL, "cannot fence off", "the job");
}

static void end(void) {
  if (syscall(RESTRICT_SELF, rules, 0) != 0) fail(GENERAL, "cannot fence off", "the job");
  close(rules);
}

static int add_rule(int parent, uint64_t allowed) {
  struct path_beneath rule = {.allowed = allowed, .parent = parent};
  return syscall(ADD_RULE, rules, PATH_BENEATH, &rule, 0) == 0;
}

static int allow_here(const char *path, uint64_t allowed) {
  int found = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (found < 0) return 0;
  int done = add_rule(found, allowed);
  close(found);
  return done;
}

void keep_to_root(int version, const char *job) {
  begin(version);
  if (!allow_here("/", EXECUTE | READ_FILE | READ_DIR) || !allow_here(job, rights & ~(uint64_t)EXECUTE))
    fail(GENERAL, "cannot let the compiler use", job);
  allow_here("/dev/null", READ_FILE | WRITE_FILE);
  end();
}

static int is_on_way(const struct stat *found) {
  for (int at = 0; at < ways; at++)
    if (way[at].st_ino == found->st_ino && way[at].st_dev == found->st_dev) return 1;
  return 0;
}

/* Allows everything below a path; returns whether that worked. Links need no rule, nor does a path that has
   disappeared. */
static int allow(int folder, const char *name) {
  struct stat found;
  int parent = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (parent < 0) return 0;
  int done = 0;
  if (fstat(parent, &found) == 0 && !S_ISLNK(found.st_mode) && !is_on_way(&found))
    done = add_rule(parent, S_ISDIR(found.st_mode) ? rights : rights & (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE));
  close(parent);
  return done;
}

/* Allows everything in a folder except one entry. A folder that cannot be listed is not allowed. */
static void allow_beside(const char *folder, const char *entry) {
  DIR *list = opendir(folder);
  if (list == NULL) return;
  for (struct dirent *found; (found = readdir(list)) != NULL;)
    if (found->d_type != DT_LNK && strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0 &&
        strcmp(found->d_name, entry) != 0)
      allow(dirfd(list), found->d_name);
  closedir(list);
}

/* Notes every folder on the path. */
static void note_way(char *job) {
  for (char *end_of_name = job; ways < PATH_MAX / 2; end_of_name++) {
    if (*end_of_name != '/' && *end_of_name != '\0') continue;
    char next = *end_of_name;
    *end_of_name = '\0';
    if (stat(end_of_name == job ? "/" : job, &way[ways]) == 0) ways++;
    *end_of_name = next;
    if (next == '\0') return;
  }
}

/* Allows everything beside the path to TMPDIR, but nothing in TMPDIR. */
static void allow_around(char *job) {
  char *spool = job, *name = job + 1;
  for (int up = 0; up < 2; up++) {
    spool = strrchr(job, '/');
    if (spool == job) break;
    *spool = '\0';
  }
  /* `job` is TMPDIR now, or the spool if that is directly in the root. */
  for (char *after; *name != '\0'; name = after) {
    after = name + strcspn(name, "/");
    char next = *after;
    *after = '\0';
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", (int)(name - job), job);
    allow_beside(folder, name);
    *after = next;
    if (next == '/') after++;
  }
}

void keep_to_job(int version, char **paths, long count) {
  char job[PATH_MAX];
  begin(version);
  if (getcwd(job, sizeof job) == NULL || job[0] != '/') fail(GENERAL, "cannot fence off", "the job");
  if (!allow(AT_FDCWD, job)) fail(GENERAL, "cannot let the compiler use", job);
  note_way(job);
  for (long at = 0; at < count; at++) allow(AT_FDCWD, paths[at]);
  allow_around(job);
  end();
}
