// expect: the text of this prompt is no template
#include "lian/core/passthrough.hpp"
#include "lian/model/static_prompt.hpp"

auto chain = lian::prompt<"Answer }{"> | lian::passthrough<std::string>();
