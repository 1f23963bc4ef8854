#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lian/agent/fetch_tool.hpp"
#include "lian/core/context.hpp"

namespace lian {
inline namespace v0 {

struct FetchedPage {
  FetchedPage() = default;
  std::string url, body, content_type;
  int status = 0;
};

/// The addresses, in text, that a host and port stand for; throws Error{network} when there are
/// none.
using Resolve = std::function<std::vector<std::string>(const std::string& host, int port)>;
std::vector<std::string> resolve_by_system(const std::string& host, int port);

/// What a URL comes to before anything is sent: throws Error{permission} for a scheme, port, name
/// or address that is not allowed, Error{invalid_request} for what is no URL.
struct CheckedUrl {
  CheckedUrl() = default;
  std::string url, host;  // url: normalised, without its fragment
  int port = 0;
  std::vector<std::string> addresses;
};
CheckedUrl check_url(const std::string& url, const FetchOptions& options, const Resolve& resolve);

/// GETs a page on the calling thread, which it blocks; ends when `context` does.
FetchedPage guarded_fetch(const std::string& url, const FetchOptions& options,
                          const Context& context, const Resolve& resolve = &resolve_by_system);

}  // namespace v0
}  // namespace lian
