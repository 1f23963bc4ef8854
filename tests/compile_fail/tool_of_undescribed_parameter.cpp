// expect: a parameter of this tool is of a type that is not described
#include "lian/agent/tool_function.hpp"

struct Person {
  int age = 0;
};

auto tool = lian::tool("age", "tells the age", [](Person p) { return p.age; }, {"person"});
