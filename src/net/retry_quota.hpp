#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

/// Bounds a retry storm, one budget a host, after the AWS SDKs' standard mode: 500 tokens; a retry
/// takes 5 (10 after a timeout), its success gives them back, a call that needs no retry gives 1.
/// Thread-safe.
class RetryQuota {
 public:
  /// Takes the price of a retry; false when the budget does not hold it.
  bool take(std::string_view host, int price);
  void give(std::string_view host, int tokens);

 private:
  static constexpr int capacity = 500;
  std::mutex mutex_;
  std::map<std::string, int, std::less<>> used_;  // only hosts that are below capacity
};

}  // namespace v0
}  // namespace lian
