// expect: the number of names is not the number of the function's parameters
#include "lian/agent/tool_function.hpp"

lian::Task<int> add(int a, int b, lian::Context) { co_return a + b; }

auto tool = lian::tool("add", "adds two integers", &add, {"a", "b", "context"});
