// expect: this type is not described
// mention: type_is_not_described<Person>
#include <lian/core/describe.hpp>

struct Person {
  int age = 0;
};
struct Team {
  std::vector<Person> people;
};
LIAN_DESCRIBE(Team, (people, "who is in it"))

std::size_t test() { return lian::from_json<Team>(lian::Json()).people.size(); }
