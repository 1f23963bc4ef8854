// expect: these two steps do not meet
// mention: Celsius
// mention: Fahrenheit
#include <lian/core/pipe.hpp>

struct Celsius {
  double degrees;
};
struct Fahrenheit {
  double degrees;
};

auto measure = lian::step([](int) { return Celsius(); });
auto show = lian::step([](Fahrenheit) { return 1; });
auto chain = measure | show;
