// expect: a tool gives text, ToolOutput
#include "lian/agent/tool_function.hpp"

struct Person {
  int age = 0;
};

auto tool = lian::tool("person", "makes a person", [](int age) { return Person{age}; }, {"age"});
