/* What the launcher takes from FreeBSD's <sys/sysctl.h>, made of Linux's: its code for FreeBSD compiles with this, and
   runs in the tests' root. */
#pragma once
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* Numbers from FreeBSD's <sys/sysctl.h>. */
#define CTL_KERN 1
#define KERN_PROC 14
#define KERN_PROC_PATHNAME 12

/* sysctl(3): only the path of the program that runs. */
static inline int sysctl(const int *name, unsigned count, void *old, size_t *length, const void *fresh,
                         size_t fresh_length) {
  if (count != 4 || name[0] != CTL_KERN || name[1] != KERN_PROC || name[2] != KERN_PROC_PATHNAME || name[3] != -1)
    return -1;
  if (fresh != NULL || fresh_length != 0) return -1;
  ssize_t got = readlink("/.host/proc/self/exe", old, *length - 1);
  if (got < 0) return -1;
  ((char *)old)[got] = '\0';
  *length = (size_t)got + 1;
  return 0;
}
