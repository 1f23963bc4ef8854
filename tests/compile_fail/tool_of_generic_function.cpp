// expect: a tool needs a function, or a lambda without auto parameters
#include "lian/agent/tool_function.hpp"

auto tool = lian::tool("twice", "says it twice", [](auto x) { return x + x; }, {"x"});
