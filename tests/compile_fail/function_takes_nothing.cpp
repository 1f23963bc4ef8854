// expect: this function takes nothing
#include <lian/core/pipe.hpp>

auto chain = lian::step([] { return 1; });
