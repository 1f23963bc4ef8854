// expect: a branch of assign does not take what the step before it gives
#include "lian/core/assign.hpp"

auto chain = lian::parallel(lian::key<"a"> = lian::passthrough<std::string>()) |
             lian::assign(lian::key<"b"> = [](int n) { return n; });
