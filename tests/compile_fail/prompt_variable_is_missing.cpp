// expect: the prompt uses a variable (Missing) that the step before it does not give
// mention: context
#include "lian/core/parallel.hpp"
#include "lian/core/passthrough.hpp"
#include "lian/model/static_prompt.hpp"

auto chain = lian::parallel(lian::key<"question"> = lian::passthrough<std::string>()) |
             lian::prompt<"Answer {question} from {context}">;
