/* distccd-fence COUNT [PATH...] PROGRAM ARGV0 [WORD...]: becomes a compiler that gets at no other job's files.

   distccd starts it in the job's folder, TMPDIR/SPOOL/JOB. All jobs run as one account, so that file modes keep nobody out; Landlock does
   (landlock(7)): below TMPDIR the compiler has its own folder and the COUNT named paths, all else of the machine as before. It may not
   signal or trace a process that is not its own, nor gain rights by a program, nor fill the disk with one file; what else could harm
   another job and no compiler needs, a filter refuses (seccomp(2)). A kernel without Landlock leaves the files to the names of the folders,
   which nobody can guess; "distccd-fence --check" tells, by its exit status. */
#define _GNU_SOURCE 1
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "filter.h"

/* From <linux/landlock.h>, which not every C library's headers have. */
struct ruleset {
  uint64_t files, network, scopes;
};
struct path_beneath {
  uint64_t allowed;
  int32_t parent;
} __attribute__((packed));
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, VERSION = 1, PATH_BENEATH = 1 };
enum { EXECUTE = 1 << 0, WRITE_FILE = 1 << 1, READ_FILE = 1 << 2, ALL_OF_1 = (1 << 13) - 1, REFER = 1 << 13, TRUNCATE = 1 << 14 };
enum { ABSTRACT_SOCKETS = 1 << 0, SIGNALS = 1 << 1 };

/* Twice what a client may be sent. */
static const rlim_t longest_file = 1 << 30;
/* As distccd's own: src/basics/exit-status.ts. */
enum { GENERAL = 100, COMPILER_MISSING = 110 };

static uint64_t rights;
static int rules = -1;

/* The way to the job's folder, the root first: what is one of these under another name, as a bind mount is, would let in all that is below. */
static struct stat way[PATH_MAX / 2];
static int ways;

_Noreturn static void fail(int status, const char *what, const char *whom) {
  fprintf(stderr, "distccd[%ld] ERROR: %s %s: %s\n", (long)getpid(), what, whom, strerror(errno));
  exit(status);
}

static int is_on_way(const struct stat *found) {
  for (int at = 0; at < ways; at++)
    if (way[at].st_ino == found->st_ino && way[at].st_dev == found->st_dev) return 1;
  return 0;
}

/* Allows all below a path, and tells whether it could. A link is nothing of its own, and what is gone in the meantime needs no rule. */
static int allow(int folder, const char *name) {
  struct stat found;
  struct path_beneath rule = {.parent = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  if (rule.parent < 0) return 0;
  int done = 0;
  if (fstat(rule.parent, &found) == 0 && !S_ISLNK(found.st_mode) && !is_on_way(&found)) {
    rule.allowed = S_ISDIR(found.st_mode) ? rights : rights & (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE);
    done = syscall(ADD_RULE, rules, PATH_BENEATH, &rule, 0) == 0;
  }
  close(rule.parent);
  return done;
}

/* Allows all in a folder but one entry; what cannot be listed is not allowed. */
static void allow_beside(const char *folder, const char *entry) {
  DIR *list = opendir(folder);
  if (list == NULL) return;
  for (struct dirent *found; (found = readdir(list)) != NULL;)
    if (found->d_type != DT_LNK && strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0 && strcmp(found->d_name, entry) != 0)
      allow(dirfd(list), found->d_name);
  closedir(list);
}

/* Looks at every folder on the way. */
static void note_way(char *job) {
  for (char *end = job; ways < PATH_MAX / 2; end++) {
    if (*end != '/' && *end != '\0') continue;
    char behind = *end;
    *end = '\0';
    if (stat(end == job ? "/" : job, &way[ways]) == 0) ways++;
    *end = behind;
    if (behind == '\0') return;
  }
}

/* Allows what lies beside the way to TMPDIR, but nothing in it. */
static void allow_around(char *job) {
  char *spool = job, *name = job + 1;
  for (int up = 0; up < 2; up++) {
    spool = strrchr(job, '/');
    if (spool == job) break;
    *spool = '\0';
  }
  /* job is TMPDIR now, or the spool where that lies in the root. */
  for (char *end; *name != '\0'; name = end) {
    end = name + strcspn(name, "/");
    char behind = *end;
    *end = '\0';
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", (int)(name - job), job);
    allow_beside(folder, name);
    *end = behind;
    if (behind == '/') end++;
  }
}

/* No other job's files, from here on. */
static void fence(int version, char **paths, long count) {
  char job[PATH_MAX];
  rights = ALL_OF_1 | (version >= 2 ? REFER : 0) | (version >= 3 ? TRUNCATE : 0);
  struct ruleset attributes = {.files = rights, .scopes = version >= 6 ? ABSTRACT_SOCKETS | SIGNALS : 0};
  /* Kernels take a longer structure than theirs when what they do not know is 0. */
  rules = (int)syscall(CREATE_RULESET, &attributes, sizeof attributes, 0);
  if (rules < 0 || getcwd(job, sizeof job) == NULL || job[0] != '/') fail(GENERAL, "cannot fence off", "the job");
  if (!allow(AT_FDCWD, job)) fail(GENERAL, "cannot let the compiler use", job);
  note_way(job);
  for (long at = 0; at < count; at++) allow(AT_FDCWD, paths[at]);
  allow_around(job);
  if (syscall(RESTRICT_SELF, rules, 0) != 0) fail(GENERAL, "cannot fence off", "the job");
  close(rules);
}

static void limit(int resource, rlim_t most) {
  struct rlimit now;
  if (getrlimit(resource, &now) != 0) return;
  if (now.rlim_max > most) now.rlim_max = most;
  if (now.rlim_cur > now.rlim_max) now.rlim_cur = now.rlim_max;
  setrlimit(resource, &now);
}

int main(int argc, char **argv) {
  int version = (int)syscall(CREATE_RULESET, NULL, 0, VERSION);
  if (argc == 2 && strcmp(argv[1], "--check") == 0) {
    /* Behind the fence a compiler needs what lies beside TMPDIR. */
    if (open("/usr/bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0) fail(GENERAL, "cannot list", "/usr/bin");
    return version < 1;
  }
  long count = argc < 2 ? -1 : strtol(argv[1], NULL, 10);
  if (count < 0 || count > argc - 4) {
    fprintf(stderr, "distccd-fence: distccd starts this, with COUNT [PATH...] PROGRAM ARGV0 [WORD...]\n");
    return 101;
  }
  limit(RLIMIT_FSIZE, longest_file);
  limit(RLIMIT_CORE, 0);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(GENERAL, "cannot fence off", "the job");
  if (version >= 1) fence(version, argv + 2, count);
  if (!filter_calls() && errno != EINVAL && errno != ENOSYS) fail(GENERAL, "cannot fence off", "the job");
  execv(argv[2 + count], argv + 3 + count);
  fail(COMPILER_MISSING, "failed to exec", argv[3 + count]);
}
