#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lian/core/context.hpp"
#include "lian/core/json.hpp"
#include "lian/core/task.hpp"

namespace lian {
inline namespace v0 {

/// What one server may take of time and memory.
struct McpLimits {
  McpLimits() = default;
  std::chrono::milliseconds initialize{60000}, call{60000}, shutdown{2000};
  std::size_t message_bytes = std::size_t{16} << 20;     ///< of one message
  std::size_t unanswered_bytes = std::size_t{64} << 20;  ///< that answer nothing, in a row
};

/// How often what a server offers may have changed.
using McpChanges = std::shared_ptr<std::atomic<std::uint64_t>>;

/// The way to one server. Thread-safe: calls come from any loop, many at once.
class McpTransport {
 public:
  explicit McpTransport(std::string server) : server_(std::move(server)) {}
  virtual ~McpTransport() = default;
  McpTransport(const McpTransport&) = delete;
  McpTransport& operator=(const McpTransport&) = delete;

  /// Connects and says hello unless that is done. Throws errors that name the server.
  virtual Task<void> open() = 0;
  /// The result of one request; nothing when the server has forgotten the session before it looked
  /// at the request: then `open` and ask again. A call that times out or is cancelled is taken
  /// back. Throws errors that name the server.
  virtual Task<std::optional<Json>> request(std::string method, Json params, Context context) = 0;
  /// Ends the session, giving the server time for it. The next `open` begins another.
  virtual Task<void> close() = 0;

  /// Another number whenever what the server offers may have changed.
  std::uint64_t changes() const noexcept { return changes_->load(); }
  const std::string& server() const noexcept { return server_; }

 protected:
  void changed() noexcept { changes_->fetch_add(1); }
  const McpChanges& counter() const noexcept { return changes_; }

 private:
  std::string server_;
  McpChanges changes_ = std::make_shared<std::atomic<std::uint64_t>>(0);
};

/// The current exception as one that names the server, of the same kind.
std::exception_ptr mcp_error_of(const std::string& server);

/// Error{timeout} that names the server, what it was to do and the option that says how long.
std::exception_ptr mcp_too_slow(const std::string& server, std::string_view what,
                                std::chrono::milliseconds limit, std::string_view option);

/// "3 of 10: reading" of a progress notification.
std::string mcp_progress(const Json& params);

}  // namespace v0
}  // namespace lian
