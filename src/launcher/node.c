/* The Node programs, which are installed beside this one: distcc-node does a job alone. */
#include "launcher.h"
#ifdef __FreeBSD__
#include <sys/sysctl.h>
#endif

/* The absolute path of a program that is installed beside this one, in PATH_MAX bytes. */
int find_beside(const char *name, char *path) {
#ifdef __FreeBSD__
  int which[] = {CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1};
  size_t length = PATH_MAX;
  if (sysctl(which, 4, path, &length, NULL, 0) != 0) return 0;
#else
  ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
  if (length < 0) return 0;
  path[length] = '\0';
#endif
  char *end = strrchr(path, '/');
  if (end == NULL || (size_t)(end - path) + strlen(name) + 2 > PATH_MAX) return 0;
  strcpy(end + 1, name);
  return 1;
}

/* Variables for the user's own Node programs would change what ours do: they come under another name, and distcc-node gives
   them back to the compilers. */
static void hide_node_variables(void) {
  for (char **variable = environ; *variable != NULL; variable++) {
    char *hidden;
    if (strncmp(*variable, "NODE_", 5) != 0 && strncmp(*variable, "OPENSSL_CONF=", 13) != 0) continue;
    if (asprintf(&hidden, "_DISTCC_%s", *variable) > 0) *variable = hidden;
  }
}

/* Its first word is the name that we were called by. */
_Noreturn void become_node(char **words) {
  hide_node_variables();
  char path[PATH_MAX], **argv;
  if (find_beside("distcc-node", path) && (argv = in_front(NODE, path, words)) != NULL) {
    execv(NODE, argv);
    execv(path, argv + 1); /* by its own first line */
  }
  fprintf(stderr, "distcc: ERROR: cannot run the program distcc-node beside this one: %s: install distcc again\n", strerror(errno));
  exit(100);
}
