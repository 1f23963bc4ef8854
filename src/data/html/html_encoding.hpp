/// The bytes of a page as UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {
namespace detail {

/// Decodes a page by its BOM, its bytes or what it declares (the order of html_format()). The
/// result is valid UTF-8 without NUL; `encoding` receives the name used, "utf-8" for UTF-8.
std::string decode_html(std::string_view bytes, std::string& encoding);

}  // namespace detail
}  // namespace v0
}  // namespace lian
