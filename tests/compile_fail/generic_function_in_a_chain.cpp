// expect: a generic function does not say what it takes
#include "lian/model/output_parser.hpp"
#include "lian/core/pipe.hpp"

auto chain = lian::step([](auto in) { return in; }) | lian::StrOutputParser();
