// expect: structured output is a struct described by LIAN_DESCRIBE
#include "lian/model/structured_output.hpp"

auto names(const lian::ChatModel& model) {
  return model.with_structured_output<std::vector<std::string>>();
}
