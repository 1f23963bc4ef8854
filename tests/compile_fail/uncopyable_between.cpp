// expect: the input of a step must be copyable
// mention: unique_ptr<int
#include <memory>

#include <lian/core/pipe.hpp>

auto make = lian::step([](int number) { return std::make_unique<int>(number); });
auto chain = make | [](std::unique_ptr<int> number) { return *number; };
