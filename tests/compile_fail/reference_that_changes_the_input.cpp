// expect: this function does not take what the step before it gives
#include "lian/core/passthrough.hpp"

auto chain = lian::passthrough<std::string>() | [](std::string& s) { return s; };
