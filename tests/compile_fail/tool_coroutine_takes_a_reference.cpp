// expect: a coroutine takes its parameters by value
#include "lian/agent/tool_function.hpp"

lian::Task<std::string> echo(const std::string& text) { co_return text; }

auto tool = lian::tool("echo", "says it again", &echo, {"text"});
