/// lian/core/export.hpp: LIAN_API marks what a shared lian offers; everything else is hidden.
#pragma once

#if defined(LIAN_STATIC_DEFINE)
#define LIAN_API
#elif defined(_WIN32)
#if defined(LIAN_BUILDING)
#define LIAN_API __declspec(dllexport)
#else
#define LIAN_API __declspec(dllimport)
#endif
#else
#define LIAN_API __attribute__((visibility("default")))
#endif
