#include "net/descriptor_watch.hpp"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

DescriptorWatch::DescriptorWatch(UvLoop& loop, int descriptor, Function<void()> ready)
    : loop_(&loop) {
  auto handle = std::make_unique<Handle>();
  const int status = uv_poll_init(loop.uv(), &handle->poll, descriptor);
  if (status != 0)
    throw Error(ErrorKind::network,
                fmt::format("libuv cannot watch a descriptor: {}", uv_strerror(status)));
  handle->poll.data = handle.get();
  handle->ready = std::move(ready);
  handle_ = handle.release();
}

DescriptorWatch::~DescriptorWatch() {
  handle_->ready = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_->poll),
           [](uv_handle_t* handle) { delete static_cast<Handle*>(handle->data); });
}

void DescriptorWatch::events(Events wanted) {
  if (wanted == events_) return;
  events_ = wanted;
  if (wanted == none) {
    uv_poll_stop(&handle_->poll);
    return;
  }
  uv_poll_start(&handle_->poll, wanted, [](uv_poll_t* poll, int, int) {
    auto* handle = static_cast<Handle*>(poll->data);
    if (handle->ready) handle->ready();
  });
  loop_->watches_changed();
}

}  // namespace v0
}  // namespace lian
