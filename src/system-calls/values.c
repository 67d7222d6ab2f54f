#define _GNU_SOURCE
#include "values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool wrong(napi_env env, const char *expected) {
  napi_throw_type_error(env, NULL, expected);
  return false;
}

bool read_words(napi_env env, napi_callback_info info, size_t count, napi_value *words) {
  size_t given = count;
  if (napi_get_cb_info(env, info, &given, words, NULL, NULL) != napi_ok) return wrong(env, "a call expected");
  return given >= count || wrong(env, "too few words for this call");
}

bool read_int(napi_env env, napi_value value, int *number) {
  int64_t wide = 0;
  if (napi_get_value_int64(env, value, &wide) != napi_ok || wide < INT32_MIN || wide > INT32_MAX)
    return wrong(env, "a number of 32 bits expected");
  *number = (int)wide;
  return true;
}

bool read_id(napi_env env, napi_value value, unsigned *id) {
  int64_t wide = -1;
  /* The largest number would mean "do not change it". */
  if (napi_get_value_int64(env, value, &wide) != napi_ok || wide < 0 || wide >= UINT32_MAX)
    return wrong(env, "the number of a user or group expected");
  *id = (unsigned)wide;
  return true;
}

bool read_bool(napi_env env, napi_value value, bool *answer) {
  return napi_get_value_bool(env, value, answer) == napi_ok || wrong(env, "true or false expected");
}

bool read_bytes(napi_env env, napi_value value, void **bytes, size_t *length) {
  bool is_buffer = false;
  if (napi_is_buffer(env, value, &is_buffer) != napi_ok || !is_buffer ||
      napi_get_buffer_info(env, value, bytes, length) != napi_ok)
    return wrong(env, "a Buffer expected");
  return true;
}

bool read_member(napi_env env, napi_value object, const char *name, napi_value *member) {
  return napi_get_named_property(env, object, name, member) == napi_ok || wrong(env, "an object expected");
}

bool read_length(napi_env env, napi_value array, uint32_t *length) {
  bool is_array = false;
  if (napi_is_array(env, array, &is_array) != napi_ok || !is_array ||
      napi_get_array_length(env, array, length) != napi_ok)
    return wrong(env, "an array expected");
  return true;
}

bool read_text(napi_env env, napi_value value, char **text) {
  size_t length = 0, written = 0;
  *text = NULL;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) return wrong(env, "a string expected");
  char *copy = malloc(length + 1);
  if (copy == NULL) {
    throw_reason(env, "malloc", ENOMEM);
    return false;
  }
  if (napi_get_value_string_utf8(env, value, copy, length + 1, &written) != napi_ok || strlen(copy) != length) {
    free(copy);
    throw_reason(env, "a NUL in a string", EINVAL);
    return false;
  }
  *text = copy;
  return true;
}

void free_texts(char **texts) {
  if (texts == NULL) return;
  for (char **text = texts; *text != NULL; text++) free(*text);
  free(texts);
}

bool read_texts(napi_env env, napi_value array, char ***texts) {
  uint32_t length = 0;
  *texts = NULL;
  if (!read_length(env, array, &length)) return false;
  char **copies = calloc((size_t)length + 1, sizeof *copies);
  if (copies == NULL) {
    throw_reason(env, "malloc", ENOMEM);
    return false;
  }
  for (uint32_t at = 0; at < length; at++) {
    napi_value value;
    if (napi_get_element(env, array, at, &value) != napi_ok || !read_text(env, value, &copies[at])) {
      free_texts(copies);
      return false;
    }
  }
  *texts = copies;
  return true;
}

napi_value number_of(napi_env env, int64_t number) {
  napi_value value;
  return napi_create_int64(env, number, &value) == napi_ok ? value : NULL;
}

napi_value throw_reason(napi_env env, const char *call, int reason) {
  char code[16], message[128];
  snprintf(code, sizeof code, "%d", reason);
  snprintf(message, sizeof message, "%s: %s", call, strerror(reason));
  napi_throw_error(env, code, message);
  return NULL;
}

napi_value done(napi_env env, const char *call, int result) {
  return result == -1 ? throw_reason(env, call, errno) : NULL;
}

napi_value result_of(napi_env env, const char *call, int64_t result) {
  return result == -1 ? throw_reason(env, call, errno) : number_of(env, result);
}
