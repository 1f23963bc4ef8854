#pragma once

/// To be put around coroutine templates: GCC takes a frame that holds a type of the user's unnamed
/// namespace for one that other files could see, and warns of it.
#if defined(__GNUC__) && !defined(__clang__)
#define LIAN_COROUTINES_BEGIN    \
  _Pragma("GCC diagnostic push") \
  _Pragma("GCC diagnostic ignored \"-Wsubobject-linkage\"")
#define LIAN_COROUTINES_END _Pragma("GCC diagnostic pop")
#else
#define LIAN_COROUTINES_BEGIN
#define LIAN_COROUTINES_END
#endif
