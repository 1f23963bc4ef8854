// expect: a step must give something
#include "lian/core/passthrough.hpp"

auto chain = lian::passthrough<std::string>() | [](std::string) -> lian::Task<void> { co_return; };
