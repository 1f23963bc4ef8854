#include "model/provider/float_bytes.hpp"

#include <cstdint>
#include <cstring>

#include "core/base64.hpp"

namespace lian {
inline namespace v0 {

std::optional<std::vector<float>> floats_of_base64(std::string_view text) {
  const auto bytes = base64_decode(text);
  if (!bytes || bytes->size() % 4 != 0) return std::nullopt;
  std::vector<float> row(bytes->size() / 4);
  for (std::size_t i = 0; i < row.size(); ++i) {
    std::uint32_t bits = 0;
    for (std::size_t k = 4; k-- > 0;)
      bits = bits << 8U | static_cast<unsigned char>((*bytes)[4 * i + k]);
    std::memcpy(&row[i], &bits, sizeof bits);
  }
  return row;
}

}  // namespace v0
}  // namespace lian
