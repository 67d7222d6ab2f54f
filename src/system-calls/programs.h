#pragma once

#include "values.h"

napi_value call_posix_spawn(napi_env env, napi_callback_info info);
napi_value call_execve(napi_env env, napi_callback_info info);
napi_value call_waitpid(napi_env env, napi_callback_info info);
