/* What the launcher takes from FreeBSD's <unistd.h>, made of Linux's. */
#pragma once
#include_next <unistd.h>
#include <sys/socket.h>

/* getpeereid(3): FreeBSD tells the user, not the process. */
static inline int getpeereid(int fd, uid_t *user, gid_t *group) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return -1;
  *user = peer.uid;
  *group = peer.gid;
  return 0;
}
#undef SO_PEERCRED
