// expect: step(f) makes a function a step; this is no function
#include "lian/core/pipe.hpp"

auto chain = lian::step(std::string("a text"));
