#pragma once

#include <deque>
#include <string>
#include <vector>

#include "testing/recorded.hpp"

namespace lian {
inline namespace v0 {
namespace testing {

/// What of a request may be credentials: the values of its secret headers and query fields.
std::vector<std::string> secrets_of(const HttpRequest& request);
/// The request as it is recorded: without credentials, dates and what differs at every try.
RecordedExchange without_secrets(const HttpRequest& request);
HttpHeaders without_secrets(const HttpHeaders& headers, const std::vector<std::string>& secrets);
/// Text, or JSON, without credentials.
std::string without_secrets(const std::string& body, const std::vector<std::string>& secrets);

/// Two exchanges with equal keys ask the same.
std::string match_key(const RecordedExchange& exchange);
/// What is told of a request that was not recorded: the nearest that was, and where it differs.
std::string difference(const RecordedExchange& asked, const std::deque<RecordedExchange>& recorded);

}  // namespace testing
}  // namespace v0
}  // namespace lian
