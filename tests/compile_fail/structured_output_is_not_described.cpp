// expect: structured output is a struct described by LIAN_DESCRIBE
#include "lian/model/structured_output.hpp"

struct Person {
  int age = 0;
};

auto person(const lian::ChatModel& model) {
  return lian::structured_output<Person>(model, lian::include_raw);
}
