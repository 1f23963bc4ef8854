#include "lian/core/version.hpp"

#define LIAN_TEXT_OF(number) #number
#define LIAN_TEXT(number) LIAN_TEXT_OF(number)

namespace lian {
inline namespace v0 {

const char* version() noexcept {
  return LIAN_TEXT(LIAN_VERSION_MAJOR) "." LIAN_TEXT(LIAN_VERSION_MINOR) "." LIAN_TEXT(
      LIAN_VERSION_PATCH);
}

}  // namespace v0
}  // namespace lian
