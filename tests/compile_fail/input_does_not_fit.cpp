// expect: this function does not take the input of the step
// mention: Celsius
#include <string>

#include <lian/core/pipe.hpp>

struct Celsius {
  double degrees;
};

auto chain = lian::step<Celsius>([](std::string text) { return text; });
