// expect: a generic function does not say what it takes; write step<In>(f)
#include <lian/core/pipe.hpp>

auto chain = lian::step([](auto value) { return value; }) | [](auto value) { return value; };
