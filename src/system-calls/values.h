#pragma once

#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Conversion of JavaScript values. A reader that has thrown returns false: an exception is pending then, and the
   caller must return NULL at once. */

/* Reads the `count` arguments of a call, or throws a TypeError. */
bool read_words(napi_env env, napi_callback_info info, size_t count, napi_value *words);
bool read_int(napi_env env, napi_value value, int *number);
bool read_id(napi_env env, napi_value value, unsigned *id);
bool read_bool(napi_env env, napi_value value, bool *answer);
bool read_bytes(napi_env env, napi_value value, void **bytes, size_t *length);
bool read_member(napi_env env, napi_value object, const char *name, napi_value *member);

/* Reads the length of an array. */
bool read_length(napi_env env, napi_value array, uint32_t *length);
/* Reads a text for a system call. A NUL in it, which would cut it, is an error. The caller frees it. */
bool read_text(napi_env env, napi_value value, char **text);
/* Reads an array of texts, ended by NULL as for execve(2). The caller frees it with free_texts(). */
bool read_texts(napi_env env, napi_value array, char ***texts);
void free_texts(char **texts);

napi_value number_of(napi_env env, int64_t number);
/* Throws an Error with errno as its code, such as "2"; returns NULL. */
napi_value throw_reason(napi_env env, const char *call, int reason);
/* Returns undefined, or throws errno when the call returned -1. */
napi_value done(napi_env env, const char *call, int result);
/* Returns the number that a call returned, or throws errno when that is -1. */
napi_value result_of(napi_env env, const char *call, int64_t result);
