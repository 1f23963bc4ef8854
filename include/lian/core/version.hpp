/// lian/core/version.hpp: the version of lian, and what it asks of the compiler.
///
/// This file is the one place that states the version: the build and the package read it from here.
#pragma once

#include "lian/core/export.hpp"

#define LIAN_VERSION_MAJOR 0
#define LIAN_VERSION_MINOR 1
#define LIAN_VERSION_PATCH 0

#if !defined(__cpp_exceptions) && !defined(_CPPUNWIND)
#error "lian: exceptions are needed; compile without -fno-exceptions"
#endif
#if !defined(__cpp_impl_coroutine)
#error "lian: coroutines are needed; compile as C++20 (-std=c++20)"
#endif

namespace lian {
inline namespace v0 {

/// The version of the linked library as "major.minor.patch"; static storage, never null.
/// Compare it with the LIAN_VERSION_* macros to find a header and a library that do not belong
/// together. Thread-safe.
LIAN_API const char* version() noexcept;

}  // namespace v0
}  // namespace lian
