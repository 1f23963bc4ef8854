// expect: parallel cannot tell what its branches take
#include "lian/core/parallel.hpp"

auto chain = lian::parallel(lian::key<"n"> = [](std::string text) { return text; });
