#pragma once

#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What JavaScript gives and gets. Each reader returns false after it has thrown: an exception is pending then, and whoever
   called returns NULL at once. */

/* The words of a call: all `count` of them, or a TypeError. */
bool read_words(napi_env env, napi_callback_info info, size_t count, napi_value *words);
bool read_int(napi_env env, napi_value value, int *number);
bool read_id(napi_env env, napi_value value, unsigned *id);
bool read_bool(napi_env env, napi_value value, bool *answer);
bool read_bytes(napi_env env, napi_value value, void **bytes, size_t *length);
bool read_member(napi_env env, napi_value object, const char *name, napi_value *member);

/* How many entries an array has. */
bool read_length(napi_env env, napi_value array, uint32_t *length);
/* Text that the system is to read: a NUL in it would cut it, and is an error. The caller frees it. */
bool read_text(napi_env env, napi_value value, char **text);
/* An array of such texts with NULL after the last, as execve(2) takes it. The caller frees it with free_texts(). */
bool read_texts(napi_env env, napi_value array, char ***texts);
void free_texts(char **texts);

napi_value number_of(napi_env env, int64_t number);
/* Throws an Error with the number of the reason, such as "2", as its code; returns NULL. */
napi_value throw_reason(napi_env env, const char *call, int reason);
/* undefined, or throws errno when the call returned -1. */
napi_value done(napi_env env, const char *call, int result);
/* The number that a call returned, or throws errno when that is -1. */
napi_value result_of(napi_env env, const char *call, int64_t result);
