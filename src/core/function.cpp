#include "lian/core/function.hpp"

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace detail {

void empty_function_called() {
  throw Error(ErrorKind::config, "an empty lian::Function was called: give it a callable first");
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
