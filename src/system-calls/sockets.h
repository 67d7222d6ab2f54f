#pragma once

#include "values.h"

napi_value call_socket(napi_env env, napi_callback_info info);
napi_value call_connect(napi_env env, napi_callback_info info);
napi_value call_send(napi_env env, napi_callback_info info);
napi_value call_getsockopt(napi_env env, napi_callback_info info);
napi_value call_setsockopt(napi_env env, napi_callback_info info);
