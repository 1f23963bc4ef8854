#pragma once

#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

/// A host's name as it is looked up, in ASCII: folded (NFKC, lower case), labels of other scripts
/// as "xn--" and Punycode (RFC 3492). "" for what is no UTF-8 and for names that are too long. The
/// text it gives, not the one it was given, is what must be checked and connected to.
std::string ascii_host(std::string_view host);

}  // namespace v0
}  // namespace lian
