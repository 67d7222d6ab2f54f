/* Finds programs: compilers in PATH, and programs that are installed beside this one. */
#include "launcher.h"
#ifdef __FreeBSD__
#include <sys/sysctl.h>
#else
#include <sys/auxv.h>
#endif

/* Finds the path of this program, in PATH_MAX bytes. */
static int find_ourselves(char *path) {
#ifdef __FreeBSD__
  int which[] = {CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1};
  size_t length = PATH_MAX;
  return sysctl(which, 4, path, &length, NULL, 0) == 0;
#else
  ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
  if (length > 0) {
    path[length] = '\0';
    return 1;
  }
  /* Without /proc: the path that the kernel was asked to execute. */
  const char *executed = (const char *)(uintptr_t)getauxval(AT_EXECFN);
  return executed != NULL && realpath(executed, path) != NULL;
#endif
}

/* Makes the absolute path of a program that is installed beside this one, in PATH_MAX bytes. */
int find_beside(const char *name, char *path) {
  if (!find_ourselves(path)) return 0;
  char *end = strrchr(path, '/');
  if (end == NULL || (size_t)(end - path) + strlen(name) + 2 > PATH_MAX) return 0;
  strcpy(end + 1, name);
  return 1;
}

static const char *base_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

/* Whether a file is called "distcc" after all links. Links within a directory, such as gcc to gcc-12, are followed
   here by hand: realpath(3) touches new memory, which costs more than the system calls. */
static int leads_to_distcc(const char *path) {
  char at[512], real[PATH_MAX], text[256];
  size_t folder = (size_t)(base_of(path) - path);
  int fits = snprintf(at, sizeof at, "%s", path) < (int)sizeof at;
  for (int links = 0; fits && links < 8; links++) {
    ssize_t length = readlink(at, text, sizeof text - 1);
    if (length < 0) return strcmp(base_of(at), "distcc") == 0;
    text[length] = '\0';
    if (strchr(text, '/') != NULL) break;
    fits = snprintf(at + folder, sizeof at - folder, "%s", text) < (int)(sizeof at - folder);
  }
  return realpath(path, real) != NULL && strcmp(base_of(real), "distcc") == 0;
}

/* Whether a file is distcc: this program, or a link to one that is installed elsewhere. */
int is_ours(const char *path, const struct stat *found) {
  static struct stat self;
  static int known;
  if (!known) {
    known = stat("/proc/self/exe", &self) == 0 ? 1 : -1;
    char own[PATH_MAX];
    if (known < 0 && find_ourselves(own) && stat(own, &self) == 0) known = 1;
  }
  if (known == 1 && found->st_dev == self.st_dev && found->st_ino == self.st_ino) return 1;
  return leads_to_distcc(path);
}

/* The value of a variable in an environment, or NULL. */
const char *variable_in(char **environment, const char *name) {
  size_t length = strlen(name);
  for (; *environment != NULL; environment++)
    if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=') return *environment + length + 1;
  return NULL;
}

static int is_program(const char *path, struct stat *found) {
  return stat(path, found) == 0 && S_ISREG(found->st_mode) && access(path, X_OK) == 0;
}

/* Makes the path of the name in the next directory of PATH, and advances the list, which is NULL at its end. Returns
   0 when the path is too long. */
static int next_candidate(const char **list, const char *name, char *path) {
  const char *from = *list, *end = strchrnul(from, ':');
  *list = *end == '\0' ? NULL : end + 1;
  const char *slash = end == from || end[-1] == '/' ? "" : "/";
  int length = snprintf(path, PATH_MAX, "%.*s%s%s", (int)(end - from), from, slash, name);
  return length > 0 && length < PATH_MAX;
}

/* Finds a program as execvp(3) does, but skips distcc; a name with a slash is that file. Returns 1 when it is the
   first of that name, 2 when a link to distcc came before it, or 0 with errno. */
int find_program(const char *name, const char *path, struct program *program) {
  int passed = 0, denied = 0;
  if (strchr(name, '/') != NULL) {
    errno = ENAMETOOLONG;
    if (strlen(name) >= PATH_MAX) return 0;
    strcpy(program->path, name);
    return stat(name, &program->found) == 0;
  }
  for (const char *list = path == NULL ? "/bin:/usr/bin" : path; list != NULL && *name != '\0';) {
    if (!next_candidate(&list, name, program->path)) continue;
    if (!is_program(program->path, &program->found)) {
      if (errno == EACCES) denied = 1;
    } else if (is_ours(program->path, &program->found)) passed = 1;
    else return passed || path == NULL ? 2 : 1;
  }
  errno = denied ? EACCES : ENOENT;
  return 0;
}

struct answer {
  unsigned char *bytes;
  size_t length, room;
};

static unsigned char *more(struct answer *answer, size_t length) {
  if (answer->length + length > answer->room) {
    size_t room = 2 * (answer->length + length);
    unsigned char *bytes = realloc(answer->bytes, room);
    if (bytes == NULL) return NULL;
    answer->bytes = bytes;
    answer->room = room;
  }
  answer->length += length;
  return answer->bytes + answer->length - length;
}

/* LOOK: a PATH, then names. Sends FOUND, with for each program: the index of its name, the index in PATH, 1 if it is
   distcc, device, inode, and the file's own path after all links with a NUL. */
int look(int fd, const unsigned char *bytes, size_t length) {
  if (length == 0 || bytes[length - 1] != '\0') return 0;
  const char *path = (const char *)bytes, *end = path + length, *name = path + strlen(path) + 1;
  struct answer answer = {NULL, 0, 0};
  if (more(&answer, HEADER) == NULL) return 0;
  for (uint32_t number = 0; name < end; name += strlen(name) + 1, number++) {
    const char *list = path;
    for (uint32_t entry = 0; list != NULL; entry++) {
      struct program program;
      char real[PATH_MAX];
      if (!next_candidate(&list, name, program.path) || !is_program(program.path, &program.found)) continue;
      if (realpath(program.path, real) == NULL) continue;
      unsigned char *at = more(&answer, 28 + strlen(real) + 1);
      if (at == NULL) {
        free(answer.bytes);
        return 0;
      }
      put32(at, number);
      put32(at + 4, entry);
      put32(at + 8, (uint32_t)is_ours(program.path, &program.found));
      put64(at + 12, (uint64_t)program.found.st_dev);
      put64(at + 20, (uint64_t)program.found.st_ino);
      strcpy((char *)at + 28, real);
    }
  }
  put32(answer.bytes, FOUND);
  put32(answer.bytes + 4, (uint32_t)(answer.length - HEADER));
  int sent = send_all(fd, answer.bytes, answer.length);
  free(answer.bytes);
  return sent;
}

/* Variables for the user's Node programs would also affect ours: they are passed under other names, and our program
   restores them. */
static void hide_node_variables(void) {
  for (char **variable = environ; *variable != NULL; variable++) {
    char *hidden;
    if (strncmp(*variable, "NODE_", 5) != 0 && strncmp(*variable, "OPENSSL_CONF=", 13) != 0) continue;
    if (asprintf(&hidden, "_DISTCC_%s", *variable) > 0) *variable = hidden;
  }
}

/* Becomes the agent's program, which runs distcc's own options; its words are the name that we were called by, and
   our words. */
_Noreturn void become_commands(void) {
  char path[PATH_MAX], **argv;
  hide_node_variables();
  if (find_beside("distcc-agent", path) && (argv = in_front(path, "--command", own_words)) != NULL &&
      (argv = in_front(NODE, NULL, argv)) != NULL) {
    execv(NODE, argv);
    execv(path, argv + 1); /* by the script's first line */
  }
  fprintf(stderr, "distcc: ERROR: cannot run distcc-agent beside this program: %s: install distcc again\n",
          strerror(errno));
  exit(100);
}
