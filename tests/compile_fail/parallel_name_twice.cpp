// expect: two branches of parallel have one name
#include "lian/core/parallel.hpp"
#include "lian/core/passthrough.hpp"

auto chain = lian::parallel(lian::key<"a"> = lian::passthrough<std::string>(),
                            lian::key<"a"> = lian::passthrough<std::string>());
