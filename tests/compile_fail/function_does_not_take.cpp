// expect: this function does not take what the step before it gives
// mention: Celsius
#include <string>

#include <lian/core/pipe.hpp>

struct Celsius {
  double degrees;
};

auto measure = lian::step([](int) { return Celsius(); });
auto chain = measure | [](const std::string& text) { return text; };
