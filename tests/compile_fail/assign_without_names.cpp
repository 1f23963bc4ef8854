// expect: every branch of assign has a name
#include "lian/core/assign.hpp"

auto chain = lian::passthrough<lian::Values>() | lian::assign([](lian::Values) { return 1; });
