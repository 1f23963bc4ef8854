// expect: a step must give something
#include <lian/core/pipe.hpp>

auto chain = lian::step([](int number) { return number; }) | [](int) {};
