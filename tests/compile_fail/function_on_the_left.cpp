// expect: a function on the far left of | is not yet a step
#include <lian/core/pipe.hpp>

auto show = lian::step([](int number) { return number; });
auto chain = [](int number) { return number + 1; } | show;
