/* A stand-in for FreeBSD's header: what the launcher uses of it. */
#pragma once
#include <stdint.h>

struct statfs {
  uint32_t f_version;
  char f_fstypename[16];
};

int statfs(const char *path, struct statfs *about);
int fstatfs(int fd, struct statfs *about);
