// expect: when(condition, step) needs a step
#include "lian/core/branch.hpp"

auto chain = lian::branch(lian::when([](const std::string& s) { return s.empty(); }, 42), 43);
