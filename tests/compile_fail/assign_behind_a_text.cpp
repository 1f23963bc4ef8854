// expect: assign adds names to a record or to Values
#include "lian/core/assign.hpp"

auto chain = lian::passthrough<std::string>() |
             lian::assign(lian::key<"n"> = [](std::string text) { return text; });
