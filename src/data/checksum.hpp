#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace lian {
inline namespace v0 {

/// A 64-bit checksum against damage (not against malice), the same on every platform. Each step is
/// a bijection of the state, so a change within any one 8-byte word always changes the sum.
class Checksum {
 public:
  Checksum& add(std::string_view bytes) noexcept {
    word(bytes.size());
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) word(load(bytes.data() + at, 8));
    if (at < bytes.size()) word(load(bytes.data() + at, bytes.size() - at));
    return *this;
  }
  Checksum& add(std::uint64_t number) noexcept {
    word(number);
    return *this;
  }
  std::uint64_t value() const noexcept { return state_ ^ (state_ >> 32); }

 private:
  static std::uint64_t load(const char* bytes, std::size_t count) noexcept {
    std::uint64_t number = 0;
    std::memcpy(&number, bytes, count);
    if constexpr (std::endian::native == std::endian::big) number = __builtin_bswap64(number);
    return number;
  }
  void word(std::uint64_t number) noexcept {
    state_ = (state_ ^ number) * 0x9E3779B97F4A7C15u;
    state_ ^= state_ >> 29;
  }

  std::uint64_t state_ = 0x6C69616E6C69616Eu;
};

}  // namespace v0
}  // namespace lian
