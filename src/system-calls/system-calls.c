/* The system calls that Node lacks, as a native module. Node-API is the same in every Node since 18, so one binary
   works with all. Each function has the name and the arguments of its manual page, and throws when it fails. */
#define _GNU_SOURCE
#include "programs.h"
#include "sockets.h"
#include "values.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* dup(descriptor): a new descriptor. */
static napi_value call_dup(napi_env env, napi_callback_info info) {
  napi_value words[1];
  int descriptor = 0;
  if (!read_words(env, info, 1, words) || !read_int(env, words[0], &descriptor)) return NULL;
  return result_of(env, "dup", dup(descriptor));
}

/* set_inheritable(descriptor, whether started programs inherit it) */
static napi_value call_set_inheritable(napi_env env, napi_callback_info info) {
  napi_value words[2];
  int descriptor = 0;
  bool inheritable = false;
  if (!read_words(env, info, 2, words) || !read_int(env, words[0], &descriptor) ||
      !read_bool(env, words[1], &inheritable))
    return NULL;
  int flags = fcntl(descriptor, F_GETFD);
  if (flags != -1)
    flags = fcntl(descriptor, F_SETFD, inheritable ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC);
  return done(env, "fcntl", flags);
}

/* lockf(descriptor, command): for the file from the descriptor's position on. */
static napi_value call_lockf(napi_env env, napi_callback_info info) {
  napi_value words[2];
  int descriptor = 0, command = 0;
  if (!read_words(env, info, 2, words) || !read_int(env, words[0], &descriptor) || !read_int(env, words[1], &command))
    return NULL;
  return done(env, "lockf", lockf(descriptor, command, 0));
}

/* The C library changes user and group of all threads; the raw system calls do not. */
static napi_value change_ids(napi_env env, napi_callback_info info, const char *call,
                             int (*change)(unsigned, unsigned, unsigned)) {
  napi_value words[3];
  unsigned ids[3] = {0};
  if (!read_words(env, info, 3, words)) return NULL;
  for (int at = 0; at < 3; at++)
    if (!read_id(env, words[at], &ids[at])) return NULL;
  return done(env, call, change(ids[0], ids[1], ids[2]));
}
static napi_value call_setresuid(napi_env env, napi_callback_info info) {
  return change_ids(env, info, "setresuid", setresuid);
}
static napi_value call_setresgid(napi_env env, napi_callback_info info) {
  return change_ids(env, info, "setresgid", setresgid);
}

static const struct {
  const char *name;
  napi_callback call;
} calls[] = {
    {"connect", call_connect},
    {"dup", call_dup},
    {"execve", call_execve},
    {"getsockopt", call_getsockopt},
    {"lockf", call_lockf},
    {"posix_spawn", call_posix_spawn},
    {"send", call_send},
    {"set_inheritable", call_set_inheritable},
    {"setresgid", call_setresgid},
    {"setresuid", call_setresuid},
    {"setsockopt", call_setsockopt},
    {"socket", call_socket},
    {"waitpid", call_waitpid},
};

NAPI_MODULE_INIT() {
  for (size_t at = 0; at < sizeof calls / sizeof *calls; at++) {
    napi_value function;
    if (napi_create_function(env, calls[at].name, NAPI_AUTO_LENGTH, calls[at].call, NULL, &function) != napi_ok ||
        napi_set_named_property(env, exports, calls[at].name, function) != napi_ok)
      return NULL;
  }
  return exports;
}
