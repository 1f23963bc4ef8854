// expect: every branch of parallel has a name
#include "lian/core/parallel.hpp"
#include "lian/core/passthrough.hpp"

auto chain = lian::parallel(lian::passthrough<std::string>(), lian::passthrough<std::string>());
