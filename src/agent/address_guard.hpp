#pragma once

#include <string>
#include <string_view>

struct sockaddr;

namespace lian {
inline namespace v0 {

/// Whether an address is of the public internet: not loopback, private, link-local, shared,
/// reserved, multicast, documentation, or a cloud's metadata service; also of an IPv4 address
/// inside of an IPv6 one (mapped, compatible, translated, 6to4, Teredo).
bool is_public_address(const sockaddr& address) noexcept;

/// Whether a name can only be meant for this machine or its network, whatever it resolves to:
/// localhost, names without a dot, and those below .local, .internal, .localhost, .localdomain.
bool is_local_name(std::string_view host);

}  // namespace v0
}  // namespace lian
