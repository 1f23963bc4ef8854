// expect: a prompt takes a record, Values or, when it has one variable, a text
#include "lian/core/passthrough.hpp"
#include "lian/model/static_prompt.hpp"

auto chain = lian::passthrough<std::string>() | lian::prompt<"{a} and {b}">;
