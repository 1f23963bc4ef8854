// expect: this type is not described
// mention: type_is_not_described<Person>
#include <lian/core/describe.hpp>

struct Person {
  int age = 0;
};

bool test() { return lian::json_schema<Person>().is_object(); }
