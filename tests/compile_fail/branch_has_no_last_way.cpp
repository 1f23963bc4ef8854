// expect: branch needs a last step for what no condition takes
#include "lian/core/branch.hpp"
#include "lian/core/passthrough.hpp"

auto chain = lian::branch(
    lian::when([](const std::string& s) { return s.empty(); }, lian::passthrough<std::string>()));
