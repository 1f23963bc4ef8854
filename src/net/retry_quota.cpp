#include "net/retry_quota.hpp"

namespace lian {
inline namespace v0 {

bool RetryQuota::take(std::string_view host, int price) {
  const std::lock_guard lock(mutex_);
  auto it = used_.find(host);
  if (it == used_.end()) it = used_.emplace(std::string(host), 0).first;
  if (it->second + price > capacity) return false;
  it->second += price;
  return true;
}

void RetryQuota::give(std::string_view host, int tokens) {
  const std::lock_guard lock(mutex_);
  const auto it = used_.find(host);
  if (it == used_.end()) return;
  it->second -= tokens;
  if (it->second <= 0) used_.erase(it);
}

}  // namespace v0
}  // namespace lian
