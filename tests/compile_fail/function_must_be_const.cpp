// expect: this function does not take what the step before it gives
#include <lian/core/pipe.hpp>

auto count = lian::step([](int number) { return number; }) |
             [seen = 0](int) mutable { return ++seen; };
