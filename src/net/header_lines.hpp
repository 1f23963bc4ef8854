#pragma once

#include <string>
#include <vector>

#include <curl/curl.h>

#include "lian/core/http.hpp"

namespace lian {
inline namespace v0 {

/// A request's header fields as the list libcurl reads, in two blocks of memory instead of two a
/// field. Must outlive the exchange; not movable once listed.
class HeaderLines {
 public:
  HeaderLines() = default;
  HeaderLines(const HeaderLines&) = delete;
  HeaderLines& operator=(const HeaderLines&) = delete;

  /// The list for `headers` and the library's name, unless they tell another; libcurl's own
  /// "Expect: 100-continue" is kept out.
  curl_slist* list(const HttpHeaders& headers);
  /// Frees the list; the request has been sent.
  void drop() noexcept;

 private:
  void add(std::string_view name, std::string_view separator, std::string_view value);

  std::string text_;  // each line ends with NUL
  std::vector<curl_slist> lines_;
};

}  // namespace v0
}  // namespace lian
