/// SHA-256 of texts and files, to tell whether they changed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {
namespace detail {

/// A hash fed in parts. Throws Error{storage} when the system's library refuses it.
class ContentHash {
 public:
  ContentHash();
  ~ContentHash();
  ContentHash(const ContentHash&) = delete;
  ContentHash& operator=(const ContentHash&) = delete;
  void update(std::string_view bytes);
  /// 64 lower-case hexadecimal digits; ends the hash.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The SHA-256 of `bytes`, as 64 lower-case hexadecimal digits.
std::string content_hash(std::string_view bytes);
/// The same of a file's bytes as they lie on disk, in constant memory. Throws LoadError.
std::string file_content_hash(const std::string& path);

}  // namespace detail
}  // namespace v0
}  // namespace lian
