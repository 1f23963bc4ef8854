// expect: its function must be callable when const
#include "lian/agent/tool_function.hpp"

auto tool = lian::tool("next", "counts", [n = 0](int by) mutable { return n += by; }, {"by"});
