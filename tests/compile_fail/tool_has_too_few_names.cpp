// expect: the number of names is not the number of the function's parameters
#include "lian/agent/tool_function.hpp"

auto add = lian::tool("add", "adds two integers", [](int a, int b) { return a + b; }, {"a"});
