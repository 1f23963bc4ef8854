#include "agent/address_guard.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "core/ascii.hpp"

namespace lian {
inline namespace v0 {

namespace {

struct Block4 {
  std::uint32_t address;
  int bits;
};

constexpr std::uint32_t ip(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24U | b << 16U | c << 8U | d;
}

// IANA's special-purpose registry, and the metadata services that look public.
constexpr std::array blocks4{Block4{ip(0, 0, 0, 0), 8},      Block4{ip(10, 0, 0, 0), 8},
                             Block4{ip(100, 64, 0, 0), 10},  Block4{ip(127, 0, 0, 0), 8},
                             Block4{ip(169, 254, 0, 0), 16}, Block4{ip(172, 16, 0, 0), 12},
                             Block4{ip(192, 0, 0, 0), 24},   Block4{ip(192, 0, 2, 0), 24},
                             Block4{ip(192, 88, 99, 0), 24}, Block4{ip(192, 168, 0, 0), 16},
                             Block4{ip(198, 18, 0, 0), 15},  Block4{ip(198, 51, 100, 0), 24},
                             Block4{ip(203, 0, 113, 0), 24}, Block4{ip(224, 0, 0, 0), 4},
                             Block4{ip(240, 0, 0, 0), 4},    Block4{ip(168, 63, 129, 16), 32}};

bool is_public4(std::uint32_t address) noexcept {
  for (const Block4& block : blocks4) {
    const std::uint32_t mask = ~std::uint32_t{0} << (32 - block.bits);
    if ((address & mask) == block.address) return false;
  }
  return true;
}

using Bytes = std::array<std::uint8_t, 16>;

std::uint32_t v4_at(const Bytes& b, std::size_t at) noexcept {
  return ip(b[at], b[at + 1], b[at + 2], b[at + 3]);
}

bool starts(const Bytes& b, std::initializer_list<std::uint8_t> prefix) noexcept {
  std::size_t i = 0;
  for (const std::uint8_t byte : prefix)
    if (b[i++] != byte) return false;
  return true;
}

bool zeros(const Bytes& b, std::size_t begin, std::size_t end) noexcept {
  for (std::size_t i = begin; i < end; ++i)
    if (b[i] != 0) return false;
  return true;
}

bool is_public6(const Bytes& b) noexcept {
  if (zeros(b, 0, 10) && b[10] == 0xFF && b[11] == 0xFF) return is_public4(v4_at(b, 12));  // mapped
  if (starts(b, {0x00, 0x64, 0xFF, 0x9B}) && zeros(b, 4, 12)) return is_public4(v4_at(b, 12));
  if (starts(b, {0x20, 0x02})) return is_public4(v4_at(b, 2));  // 6to4
  if (starts(b, {0x20, 0x01, 0x00, 0x00}))                      // Teredo
    return is_public4(v4_at(b, 4)) && is_public4(~v4_at(b, 12));
  if ((b[0] & 0xE0U) != 0x20U) return false;                         // not global unicast, 2000::/3
  if (starts(b, {0x20, 0x01}) && (b[2] & 0xFEU) == 0) return false;  // 2001::/23, IETF's own
  if (starts(b, {0x20, 0x01, 0x0D, 0xB8})) return false;             // documentation
  if (starts(b, {0x3F, 0xFF}) && (b[2] & 0xF0U) == 0) return false;
  return true;
}

}  // namespace

bool is_public_address(const sockaddr& address) noexcept {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return is_public4(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  Bytes bytes{};
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return is_public6(bytes);
}

bool is_local_name(std::string_view host) {
  std::string name = ascii_lower(host);
  while (!name.empty() && name.back() == '.') name.pop_back();
  if (name.find('.') == name.npos && name.find(':') == name.npos) return true;
  for (const std::string_view end : {".localhost", ".localdomain", ".local", ".internal"})
    if (name.ends_with(end)) return true;
  return false;
}

}  // namespace v0
}  // namespace lian
