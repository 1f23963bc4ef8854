// expect: what stands right of | is neither a step nor a function
#include "lian/core/passthrough.hpp"

auto chain = lian::passthrough<std::string>() | "a text";
