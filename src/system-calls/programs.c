/* Starting a program without forking this process, becoming one, and waiting for one. */
#define _GNU_SOURCE
#include "programs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* One action of a started program on its descriptors: ['addopen', descriptor, path, flags, mode] or ['adddup2', from,
   to]. */
static bool add_action(napi_env env, napi_value action, posix_spawn_file_actions_t *actions) {
  napi_value parts[5];
  uint32_t length = 0;
  char *name = NULL, *path = NULL;
  int numbers[3] = {0}, failed = EINVAL;
  bool fine = read_length(env, action, &length);
  for (uint32_t at = 0; fine && at < length && at < 5; at++)
    fine = napi_get_element(env, action, at, &parts[at]) == napi_ok;
  if (!fine || length == 0 || !read_text(env, parts[0], &name)) return false;
  if (length == 5 && strcmp(name, "addopen") == 0) {
    fine = read_int(env, parts[1], &numbers[0]) && read_text(env, parts[2], &path) &&
           read_int(env, parts[3], &numbers[1]) && read_int(env, parts[4], &numbers[2]);
    if (fine) failed = posix_spawn_file_actions_addopen(actions, numbers[0], path, numbers[1], (mode_t)numbers[2]);
  } else if (length == 3 && strcmp(name, "adddup2") == 0) {
    fine = read_int(env, parts[1], &numbers[0]) && read_int(env, parts[2], &numbers[1]);
    if (fine) failed = posix_spawn_file_actions_adddup2(actions, numbers[0], numbers[1]);
  }
  free(path);
  free(name);
  if (fine && failed != 0) throw_reason(env, "posix_spawn_file_actions", failed);
  return fine && failed == 0;
}

static bool read_actions(napi_env env, napi_value array, posix_spawn_file_actions_t *actions) {
  uint32_t length = 0;
  if (!read_length(env, array, &length)) return false;
  for (uint32_t at = 0; at < length; at++) {
    napi_value action;
    if (napi_get_element(env, array, at, &action) != napi_ok || !add_action(env, action, actions)) return false;
  }
  return true;
}

static bool read_signals(napi_env env, napi_value attributes, const char *name, sigset_t *signals) {
  napi_value array;
  uint32_t length = 0;
  sigemptyset(signals);
  if (!read_member(env, attributes, name, &array) || !read_length(env, array, &length)) return false;
  for (uint32_t at = 0; at < length; at++) {
    napi_value value;
    int number = 0;
    if (napi_get_element(env, array, at, &value) != napi_ok || !read_int(env, value, &number)) return false;
    if (sigaddset(signals, number) != 0) {
      throw_reason(env, "sigaddset", errno);
      return false;
    }
  }
  return true;
}

/* { flags, sigdefault: [SIGNAL...], sigmask: [SIGNAL...] } */
static bool read_attributes(napi_env env, napi_value given, posix_spawnattr_t *attributes) {
  napi_value value;
  int flags = 0;
  sigset_t signals;
  if (!read_member(env, given, "flags", &value) || !read_int(env, value, &flags)) return false;
  posix_spawnattr_setflags(attributes, (short)flags);
  if (!read_signals(env, given, "sigdefault", &signals)) return false;
  posix_spawnattr_setsigdefault(attributes, &signals);
  if (!read_signals(env, given, "sigmask", &signals)) return false;
  posix_spawnattr_setsigmask(attributes, &signals);
  return true;
}

/* posix_spawn(path, actions, attributes, argv, environment): its process id. */
napi_value call_posix_spawn(napi_env env, napi_callback_info info) {
  napi_value words[5], result = NULL;
  char *path = NULL, **argv = NULL, **environment = NULL;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  pid_t child = 0;
  if (!read_words(env, info, 5, words)) return NULL;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  if (read_text(env, words[0], &path) && read_actions(env, words[1], &actions) &&
      read_attributes(env, words[2], &attributes) && read_texts(env, words[3], &argv) &&
      read_texts(env, words[4], &environment)) {
    int reason = posix_spawn(&child, path, &actions, &attributes, argv, environment);
    result = reason == 0 ? number_of(env, child) : throw_reason(env, "posix_spawn", reason);
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  free_texts(environment);
  free_texts(argv);
  free(path);
  return result;
}

/* execve(path, argv, environment): returns only by throwing. */
napi_value call_execve(napi_env env, napi_callback_info info) {
  napi_value words[3];
  char *path = NULL, **argv = NULL, **environment = NULL;
  if (!read_words(env, info, 3, words)) return NULL;
  if (read_text(env, words[0], &path) && read_texts(env, words[1], &argv) && read_texts(env, words[2], &environment)) {
    int kept[3];
    /* Node marks all its descriptors close-on-exec, also 0 to 2. */
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
      kept[descriptor] = fcntl(descriptor, F_GETFD);
      if (kept[descriptor] != -1) fcntl(descriptor, F_SETFD, kept[descriptor] & ~FD_CLOEXEC);
    }
    execve(path, argv, environment);
    int reason = errno;
    for (int descriptor = 0; descriptor <= 2; descriptor++)
      if (kept[descriptor] != -1) fcntl(descriptor, F_SETFD, kept[descriptor]);
    throw_reason(env, "execve", reason);
  }
  free_texts(environment);
  free_texts(argv);
  free(path);
  return NULL;
}

/* waitpid(pid, options): { ret, wstatus } */
napi_value call_waitpid(napi_env env, napi_callback_info info) {
  napi_value words[2], result;
  int pid = 0, options = 0, status = 0;
  if (!read_words(env, info, 2, words) || !read_int(env, words[0], &pid) || !read_int(env, words[1], &options))
    return NULL;
  pid_t ended = waitpid(pid, &status, options);
  if (ended == -1) return throw_reason(env, "waitpid", errno);
  if (napi_create_object(env, &result) != napi_ok) return NULL;
  napi_set_named_property(env, result, "ret", number_of(env, ended));
  napi_set_named_property(env, result, "wstatus", number_of(env, status));
  return result;
}
