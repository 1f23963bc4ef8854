#pragma once

#include <uv.h>

#include "lian/core/function.hpp"
#include "net/uv_loop.hpp"

namespace lian {
inline namespace v0 {

/// Watches a descriptor on a loop. `ready` is called inside libuv, as often as the descriptor is
/// ready, so it must resume no coroutine and throw nothing. One watch a descriptor and loop; the
/// descriptor must stay open meanwhile. Belongs to the thread that drives the loop.
class DescriptorWatch {
 public:
  enum Events { none = 0, readable = UV_READABLE, writable = UV_WRITABLE };

  /// Watches nothing yet. Throws Error{network} when libuv refuses the descriptor.
  DescriptorWatch(UvLoop& loop, int descriptor, Function<void()> ready);
  ~DescriptorWatch();
  DescriptorWatch(const DescriptorWatch&) = delete;
  DescriptorWatch& operator=(const DescriptorWatch&) = delete;

  void events(Events wanted);

 private:
  struct Handle {
    uv_poll_t poll{};
    Function<void()> ready;
  };
  UvLoop* loop_;
  Handle* handle_;  // libuv frees it after its close
  Events events_ = none;
};

}  // namespace v0
}  // namespace lian
