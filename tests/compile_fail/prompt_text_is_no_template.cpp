// expect: the text of this prompt is no template
#include "lian/core/passthrough.hpp"
#include "lian/model/static_prompt.hpp"

auto chain = lian::passthrough<std::string>() | lian::prompt<"Answer {question">;
