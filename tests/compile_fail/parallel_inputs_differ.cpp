// expect: a branch of parallel does not take the common input
#include "lian/core/parallel.hpp"
#include "lian/core/passthrough.hpp"

auto chain = lian::parallel(lian::key<"a"> = lian::passthrough<std::string>(),
                            lian::key<"b"> = [](int n) { return n; });
