// expect: the ways of a branch must all take and give the same types
#include "lian/core/branch.hpp"
#include "lian/core/passthrough.hpp"

auto chain = lian::branch(
    lian::when([](const std::string& s) { return s.empty(); }, lian::passthrough<std::string>()),
    [](std::string s) { return s.size(); });
