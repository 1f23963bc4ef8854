#include "lian/core/sleep.hpp"

namespace lian {
inline namespace v0 {

bool Sleep::attach() {
  Timer::start(loop(), until_);
  return true;
}
void Sleep::detach() noexcept { Timer::stop(); }
void Sleep::expired() noexcept { wake(); }

}  // namespace v0
}  // namespace lian
