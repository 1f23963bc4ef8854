#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/core/http.hpp"

namespace lian {
inline namespace v0 {

/// An access key of Baidu Cloud's identity management and its secret.
struct BceKeys {
  std::string_view access_key, secret_key;
};

/// What bce-auth-v1 signs of a request; its body is not signed.
struct BceRequest {
  using Fields = std::vector<std::pair<std::string, std::string>>;
  BceRequest() = default;
  std::string method = "POST";
  std::string path;  // as it stands in the URL: percent-encoded, beginning with '/'
  Fields query;      // not encoded
  Fields headers;    // "host" is required
  /// The names of the headers to sign, lower case and sorted; every x-bce-* header is signed beside
  /// them. None: host, content-length, content-md5 and content-type.
  std::vector<std::string> signed_headers;
};

/// The Authorization header of bce-auth-v1, as Baidu Cloud's "Generating the authentication string"
/// describes it.
std::string bce_authorization(const BceKeys& keys, const BceRequest& request,
                              std::chrono::system_clock::time_point now,
                              std::chrono::seconds lifetime);

/// The query as bce-auth-v1 signs it: the encoded pairs are sorted, not their names.
std::string bce_canonical_query(const BceRequest::Fields& query);

/// Signs a request with a content type as Qianfan's own clients do: content-type, host and
/// x-bce-date, which is set.
void bce_sign(HttpRequest& request, const BceKeys& keys, std::chrono::system_clock::time_point now,
              std::chrono::seconds lifetime);

}  // namespace v0
}  // namespace lian
