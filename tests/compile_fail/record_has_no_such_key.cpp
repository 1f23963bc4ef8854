// expect: the record has no value of this name (Name)
// mention: contxt
#include "lian/core/parallel.hpp"
#include "lian/core/passthrough.hpp"

std::string f() {
  auto chain = lian::parallel(lian::key<"context"> = lian::passthrough<std::string>());
  return chain.invoke("x").get<"contxt">();
}
