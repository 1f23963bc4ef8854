// expect: the condition of when(…) must take what its step takes
#include "lian/core/branch.hpp"
#include "lian/core/passthrough.hpp"

auto way = lian::when([](int n) { return n > 0; }, lian::passthrough<std::string>());
