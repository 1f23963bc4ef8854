#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/agent/tool.hpp"

namespace lian {
inline namespace v0 {

/// What the fetch tool may reach; chained setters. Regular value. By default: http and https on
/// their own ports, at addresses of the public internet only.
class LIAN_API FetchOptions {
 public:
  FetchOptions() = default;
  /// Also loopback, private, link-local and other addresses that are not of the public internet.
  /// For tests, and for a network whose services the model may read.
  FetchOptions& allow_private(bool v = true) { return allow_private_ = v, *this; }
  /// A port beside 80 and 443.
  FetchOptions& allow_port(std::uint16_t v) { return ports_.push_back(v), *this; }
  /// Bytes of a body, decoded; a longer one is LimitError. Default 128 KiB.
  FetchOptions& max_bytes(std::size_t v) { return max_bytes_ = v, *this; }
  /// Default 5; each target is checked as the first address was.
  FetchOptions& max_redirects(int v) { return max_redirects_ = v, *this; }
  /// For the whole fetch, redirects included; default 20 s.
  FetchOptions& timeout(std::chrono::milliseconds v) { return timeout_ = v, *this; }

  bool allow_private() const noexcept { return allow_private_; }
  const std::vector<std::uint16_t>& ports() const noexcept { return ports_; }
  std::size_t max_bytes() const noexcept { return max_bytes_; }
  int max_redirects() const noexcept { return max_redirects_; }
  std::chrono::milliseconds timeout() const noexcept { return timeout_; }

 private:
  bool allow_private_ = false;
  std::vector<std::uint16_t> ports_{80, 443};
  std::size_t max_bytes_ = std::size_t{128} << 10;
  int max_redirects_ = 5;
  std::chrono::milliseconds timeout_{20'000};
};

/// The tool "fetch": takes {"url": text}, gives the body of a GET as text; the artifact is {"url":
/// where it was, "status", "content_type"}. Every address that a name stands for is checked, and
/// the connection is made to a checked address and no other; so is each redirect's. No proxy is
/// used, nothing of the environment and no cookie or password is sent. A refused address and a
/// status of 400 and above are ToolError. Runs on the Runtime's threads.
LIAN_API Tool fetch_tool(FetchOptions fetch = FetchOptions(), ToolOptions options = ToolOptions());

}  // namespace v0
}  // namespace lian
