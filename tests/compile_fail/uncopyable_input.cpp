// expect: the input of a step must be copyable
// mention: unique_ptr<int
#include <memory>

#include <lian/core/pipe.hpp>

auto chain = lian::step([](std::unique_ptr<int> number) { return *number; });
