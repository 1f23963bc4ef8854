#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

/// Decodes a body's content encoding (gzip, x-gzip, deflate; identity passes through). Throws
/// Error{network} for an encoding it does not know or broken data, Error{truncated} for a missing
/// tail, which libcurl's own decoder does not notice.
class Inflate {
 public:
  explicit Inflate(std::string_view encoding);
  Inflate(Inflate&&) noexcept;
  ~Inflate();
  bool active() const noexcept { return stream_ != nullptr; }
  /// Appends what `bytes` decode to; LimitError when that would be more than `room` bytes.
  void feed(std::string_view bytes, std::string& out, std::size_t room);
  void check_end() const;

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

[[noreturn]] void throw_body_too_large(std::size_t limit);

}  // namespace v0
}  // namespace lian
