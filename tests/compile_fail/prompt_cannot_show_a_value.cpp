// expect: a value of the record before this prompt
// mention: Own
#include "lian/core/parallel.hpp"
#include "lian/core/passthrough.hpp"
#include "lian/model/static_prompt.hpp"

struct Own {};
auto chain = lian::parallel<std::string>(lian::key<"a"> = [](std::string) { return Own(); }) |
             lian::prompt<"{a}">;
