// Keeps the memory of ended coroutines for the next ones: a call makes a dozen frames of a size that
// malloc's fast path does not serve.
#include <array>
#include <cstddef>
#include <new>

#include "lian/core/loop.hpp"

namespace lian {
inline namespace v0 {
namespace detail {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool keeps_frames = false;  // or a sanitizer would not see the use of a freed frame
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
constexpr bool keeps_frames = false;
#else
constexpr bool keeps_frames = true;
#endif
#else
constexpr bool keeps_frames = true;
#endif

constexpr std::size_t step = 64, max_frame = 4096, max_kept = std::size_t{256} << 10;

struct Spare {
  Spare* next;
};

// One thread's spare frames by size. Outlives its owner below, because what a thread destroys last
// may hold coroutines.
struct Spares {
  enum class State { unused, open, closed };
  std::array<Spare*, max_frame / step> of_size;
  std::size_t bytes;
  State state;
};
thread_local constinit Spares spares{};

struct Owner {
  Owner() { spares.state = Spares::State::open; }
  ~Owner() {
    spares.state = Spares::State::closed;
    for (Spare*& first : spares.of_size)
      while (Spare* spare = first) {
        first = spare->next;
        ::operator delete(spare);
      }
  }
  void touch() const noexcept {}
};
thread_local const Owner owner;

bool open() {
  if (spares.state == Spares::State::unused) owner.touch();
  return spares.state == Spares::State::open;
}

}  // namespace

void* take_frame(std::size_t bytes) {
  if (!keeps_frames || bytes > max_frame) return ::operator new(bytes);
  const std::size_t slot = (bytes - 1) / step;
  const std::size_t size = (slot + 1) * step;
  Spare* spare = spares.of_size[slot];
  if (!spare) return ::operator new(size);
  spares.of_size[slot] = spare->next;
  spares.bytes -= size;
  return spare;
}

void give_frame(void* frame, std::size_t bytes) noexcept {
  const std::size_t slot = (bytes - 1) / step;
  const std::size_t size = (slot + 1) * step;
  if (!keeps_frames || bytes > max_frame || spares.bytes + size > max_kept || !open())
    return ::operator delete(frame);
  spares.of_size[slot] = new (frame) Spare{spares.of_size[slot]};
  spares.bytes += size;
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
