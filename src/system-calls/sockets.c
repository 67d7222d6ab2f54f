/* Kinds of sockets, and options of sockets, that Node lacks. */
#define _GNU_SOURCE
#include "sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* socket(family, type, protocol): a descriptor. */
napi_value call_socket(napi_env env, napi_callback_info info) {
  napi_value words[3];
  int family = 0, type = 0, protocol = 0;
  if (!read_words(env, info, 3, words) || !read_int(env, words[0], &family) || !read_int(env, words[1], &type) ||
      !read_int(env, words[2], &protocol))
    return NULL;
  return result_of(env, "socket", socket(family, type, protocol));
}

/* connect(socket, path): connects to a Unix socket by its path. */
napi_value call_connect(napi_env env, napi_callback_info info) {
  napi_value words[2];
  int descriptor = 0;
  void *path = NULL;
  size_t length = 0;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (!read_words(env, info, 2, words) || !read_int(env, words[0], &descriptor) ||
      !read_bytes(env, words[1], &path, &length))
    return NULL;
  if (length == 0 || length >= sizeof address.sun_path) return throw_reason(env, "connect", ENAMETOOLONG);
  memcpy(address.sun_path, path, length);
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
  return done(env, "connect", connect(descriptor, (struct sockaddr *)&address, size));
}

/* send(socket, bytes, flags): the number of bytes sent. */
napi_value call_send(napi_env env, napi_callback_info info) {
  napi_value words[3];
  int descriptor = 0, flags = 0;
  void *bytes = NULL;
  size_t length = 0;
  if (!read_words(env, info, 3, words) || !read_int(env, words[0], &descriptor) ||
      !read_bytes(env, words[1], &bytes, &length) || !read_int(env, words[2], &flags))
    return NULL;
  return result_of(env, "send", send(descriptor, bytes, length, flags | MSG_NOSIGNAL));
}

/* getsockopt(socket, level, option, length): a Buffer of at most that length. */
napi_value call_getsockopt(napi_env env, napi_callback_info info) {
  napi_value words[4], result;
  int descriptor = 0, level = 0, option = 0, wanted = 0;
  char value[256];
  if (!read_words(env, info, 4, words) || !read_int(env, words[0], &descriptor) || !read_int(env, words[1], &level) ||
      !read_int(env, words[2], &option) || !read_int(env, words[3], &wanted))
    return NULL;
  if (wanted < 0 || (size_t)wanted > sizeof value) return throw_reason(env, "getsockopt", EINVAL);
  socklen_t length = (socklen_t)wanted;
  if (getsockopt(descriptor, level, option, value, &length) == -1) return throw_reason(env, "getsockopt", errno);
  return napi_create_buffer_copy(env, length, value, NULL, &result) == napi_ok ? result : NULL;
}

/* setsockopt(socket, level, option, value) */
napi_value call_setsockopt(napi_env env, napi_callback_info info) {
  napi_value words[4];
  int descriptor = 0, level = 0, option = 0;
  void *value = NULL;
  size_t length = 0;
  if (!read_words(env, info, 4, words) || !read_int(env, words[0], &descriptor) || !read_int(env, words[1], &level) ||
      !read_int(env, words[2], &option) || !read_bytes(env, words[3], &value, &length))
    return NULL;
  return done(env, "setsockopt", setsockopt(descriptor, level, option, value, (socklen_t)length));
}
