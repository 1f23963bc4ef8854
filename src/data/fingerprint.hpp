#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

/// SHA-256 of bytes that come in parts, as hexadecimal.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  Sha256& add(std::string_view bytes);
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// SHA-256 of a file. Throws Error{not_found} when it is not there, Error{storage}.
std::string sha256_of_file(const std::string& path);

}  // namespace v0
}  // namespace lian
