// expect: coroutines are needed
#undef __cpp_impl_coroutine
#include <lian/core/version.hpp>
