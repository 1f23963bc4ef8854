// expect: the number of names is not the number of the function's parameters
#include "lian/agent/tool_function.hpp"

auto half = lian::tool("half", "halves a number", [](double x) { return x / 2; });
