#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "lian/core/error.hpp"
#include "lian/core/utf8.hpp"
#include "model/fetched_tokens.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/bce_auth.hpp"
#include "model/provider/ernie.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::string_view v1_url = "https://aip.baidubce.com",
                           v1_path = "/rpc/2.0/ai_custom/v1/wenxinworkshop",
                           v2_url = "https://qianfan.baidubce.com/v2", bearer_prefix = "bce-v3/";

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorKind::config, what); }

void set_option(Endpoint& endpoint, std::string_view name, std::string value) {
  std::erase_if(endpoint.options, [name](const auto& option) { return option.first == name; });
  endpoint.options.emplace_back(name, std::move(value));
}

std::chrono::seconds seconds_option(const Endpoint& endpoint, std::string_view name) {
  const std::string& text = endpoint.option(name);
  int seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || seconds < 1)
    refuse(fmt::format("ernie's {} is '{}' but must be a whole number of seconds, 1 or more", name,
                       text.substr(0, 100)));
  return std::chrono::seconds(seconds);
}

BceKeys iam_keys(const Endpoint& endpoint) {
  return {endpoint.option("iam_access_key"), endpoint.option("iam_secret_key")};
}

bool has_iam_keys(const Endpoint& endpoint) {
  const BceKeys keys = iam_keys(endpoint);
  return !keys.access_key.empty() && !keys.secret_key.empty();
}

bool has_explicit_key(const Endpoint& endpoint) {
  return endpoint.key_name == "api_key" && !endpoint.api_key.empty();
}

bool is_bearer(const std::string& key) { return key.starts_with(bearer_prefix); }

bool has_application_keys(const Endpoint& endpoint) {
  return !endpoint.api_key.empty() && !is_bearer(endpoint.api_key) &&
         !endpoint.option("secret_key").empty();
}

std::string chosen_version(const Endpoint& endpoint) {
  const std::string& version = endpoint.option("api_version");
  if (version == "v1" || version == "v2") return version;
  if (!version.empty())
    refuse(fmt::format("ernie's api_version is '{}' but must be \"v1\" or \"v2\"",
                       version.substr(0, 100)));
  if (has_explicit_key(endpoint)) return has_application_keys(endpoint) ? "v1" : "v2";
  if (!endpoint.option("bearer_token").empty() || is_bearer(endpoint.api_key)) return "v2";
  const bool first = has_application_keys(endpoint) || has_iam_keys(endpoint) ||
                     !endpoint.option("access_token").empty();
  return first ? "v1" : "v2";
}

void resolve_v1(Endpoint& endpoint) {
  if (has_application_keys(endpoint)) return set_option(endpoint, "access", "oauth");
  const bool token = !endpoint.option("access_token").empty();
  if (!token && !has_iam_keys(endpoint))
    refuse(
        "no keys for ernie v1: set QIANFAN_AK and QIANFAN_SK (api_key(…) and secret_key(…)), "
        "QIANFAN_ACCESS_TOKEN, or QIANFAN_ACCESS_KEY and QIANFAN_SECRET_KEY "
        "(option(\"iam_access_key\", …) and option(\"iam_secret_key\", …))");
  set_option(endpoint, "access", token ? "token" : "iam");
  endpoint.api_key.clear();
  endpoint.key_name = token ? "QIANFAN_ACCESS_TOKEN" : "QIANFAN_ACCESS_KEY";
}

void resolve_v2(Endpoint& endpoint) {
  const std::string& bearer = endpoint.option("bearer_token");
  if (endpoint.key_name == "api_key") return;  // any text, also none for a server that needs none
  if (!bearer.empty()) {
    endpoint.api_key = bearer;
    endpoint.key_name = "QIANFAN_BEARER_TOKEN";
    return;
  }
  if (is_bearer(endpoint.api_key)) return;
  if (!has_iam_keys(endpoint))
    refuse(
        "no key for ernie v2: set QIANFAN_BEARER_TOKEN, pass ModelConfig().api_key(\"bce-v3/…\"), "
        "or set QIANFAN_ACCESS_KEY and QIANFAN_SECRET_KEY; for v1 set QIANFAN_AK and QIANFAN_SK");
  check_http_url(endpoint.option("iam_url"));
  set_option(endpoint, "access", "exchange");
  endpoint.api_key.clear();
  endpoint.key_name = "QIANFAN_ACCESS_KEY";
}

void resolve_url(Endpoint& endpoint, bool v1) {
  std::string& url = endpoint.base_url;
  if (url == v2_url) {  // none was given
    const std::string& set = endpoint.option(v1 ? "v1_url" : "v2_url");
    url = !set.empty() ? set : std::string(v1 ? v1_url : v2_url);
    while (url.ends_with('/')) url.pop_back();
  }
  if (v1 && !url.ends_with(v1_path)) url += v1_path;
  const std::size_t host = url.find("://");
  const bool bare = host != url.npos && url.find_first_of("/?#", host + 3) == url.npos;
  if (!v1 && bare) url += "/v2";
}

// A reply that is no token. It is not quoted: it may hold part of one.
[[noreturn]] void throw_no_token(Complaint complaint, const HttpReply& reply,
                                 const Endpoint& endpoint) {
  if (complaint.message.empty()) complaint.message = "the answer holds no token";
  ApiError error = api_error(std::move(complaint), reply, endpoint);
  error.body.clear();
  throw error;
}

// POST /oauth/2.0/token: an access token for the application's key and secret, for 30 days.
class OAuthGrant final : public TokenGrant {
 public:
  explicit OAuthGrant(const Endpoint& endpoint) : endpoint_(endpoint) {
    std::string& url = endpoint_.base_url;
    if (url.ends_with(v1_path)) url.resize(url.size() - v1_path.size());
  }

  HttpRequest ask(std::chrono::system_clock::time_point) const override {
    HttpRequest request;
    request.url = fmt::format(
        "{}/oauth/2.0/token?grant_type=client_credentials&client_id={}&client_secret={}",
        endpoint_.base_url, percent_encode(endpoint_.api_key),
        percent_encode(endpoint_.option("secret_key")));
    request.headers.add("content-type", "application/json").add("accept", "application/json");
    return request;
  }

  Token read(const HttpReply& reply) const override {
    const Json body = parse_or_null(utf8::repair(reply.body));
    Token token;
    token.text = scalar_text(body["access_token"]);
    token.lifetime = std::chrono::hours(30 * 24);
    if (body["expires_in"].is_integer())
      token.lifetime = std::chrono::seconds(
          std::clamp<std::int64_t>(body["expires_in"].as_int(), 0, std::int64_t{1} << 31));
    if (token.text.empty() || !body["error"].is_null()) refuse_reply(body, reply);
    return token;
  }

 private:
  [[noreturn]] void refuse_reply(const Json& body, const HttpReply& reply) const {
    Complaint complaint;
    complaint.code = scalar_text(body["error"]);
    complaint.message = scalar_text(body["error_description"]);
    Endpoint endpoint = endpoint_;
    if (complaint.code == "invalid_client") complaint.kind = ErrorKind::authentication;
    if (complaint.message == "Client authentication failed")
      endpoint.key_name = endpoint.key_name == "api_key" ? "secret_key" : "QIANFAN_SK";
    throw_no_token(std::move(complaint), reply, endpoint);
  }

  Endpoint endpoint_;
};

// Seconds of a time like "2024-11-21T06:13:20.000Z"; nothing for any other text.
std::optional<std::chrono::sys_seconds> time_of(const std::string& text) {
  int part[6] = {};  // year, month, day, hour, minute, second
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int& number : part) {
    const auto read = std::from_chars(at, end, number);
    if (read.ec != std::errc() || read.ptr == end || number < 0) return std::nullopt;
    at = read.ptr + 1;
  }
  using namespace std::chrono;
  const year_month_day date{year(part[0]), month(static_cast<unsigned>(part[1])),
                            day(static_cast<unsigned>(part[2]))};
  if (!date.ok()) return std::nullopt;
  return sys_days(date) + hours(part[3]) + minutes(part[4]) + seconds(part[5]);
}

// GET /v1/BCE-BEARER/token: a bearer token of v2 for the IAM pair.
class BearerGrant final : public TokenGrant {
 public:
  explicit BearerGrant(const Endpoint& endpoint)
      : endpoint_(endpoint),
        signature_life_(seconds_option(endpoint, "iam_sign_seconds")),
        life_(seconds_option(endpoint, "bearer_seconds")) {
    endpoint_.base_url = endpoint.option("iam_url");
    while (endpoint_.base_url.ends_with('/')) endpoint_.base_url.pop_back();
  }

  HttpRequest ask(std::chrono::system_clock::time_point now) const override {
    HttpRequest request;
    request.method = "GET";
    request.url =
        fmt::format("{}/v1/BCE-BEARER/token?expireInSeconds={}", endpoint_.base_url, life_.count());
    request.headers.add("content-type", "application/json");
    bce_sign(request, iam_keys(endpoint_), now, signature_life_);
    return request;
  }

  Token read(const HttpReply& reply) const override {
    const Json body = parse_or_null(utf8::repair(reply.body));
    Token token;
    token.text = scalar_text(body["token"]);
    token.lifetime = life_;
    // Both are by the server's clock: ours is not asked.
    const auto begin = time_of(scalar_text(body["createTime"]));
    const auto end = time_of(scalar_text(body["expireTime"]));
    if (begin && end) token.lifetime = *end - *begin;
    if (!token.text.empty() && reply.status < 300) return token;
    Complaint complaint;
    complaint.code = scalar_text(body["code"]);
    complaint.message = scalar_text(body["message"]);
    complaint.request_id = scalar_text(body["requestId"]);
    const std::string* why = reply.headers.find("x-bce-error-message");
    if (why && complaint.message.empty()) complaint.message = *why;
    if (reply.status == 403) complaint.kind = ErrorKind::authentication;
    throw_no_token(std::move(complaint), reply, endpoint_);
  }

 private:
  Endpoint endpoint_;
  std::chrono::seconds signature_life_, life_;
};

}  // namespace

void resolve_ernie(Endpoint& endpoint) {
  const std::string version = chosen_version(endpoint);
  set_option(endpoint, "api_version", version);
  version == "v1" ? resolve_v1(endpoint) : resolve_v2(endpoint);
  resolve_url(endpoint, version == "v1");
}

std::shared_ptr<TokenSource> ernie_tokens(const Endpoint& endpoint) {
  const std::string& access = endpoint.option("access");
  std::unique_ptr<const TokenGrant> grant;
  if (access == "oauth") grant = std::make_unique<OAuthGrant>(endpoint);
  if (access == "exchange") grant = std::make_unique<BearerGrant>(endpoint);
  if (!grant && access != "token") return nullptr;
  std::string first = access == "exchange" ? std::string() : endpoint.option("access_token");
  return std::make_shared<FetchedTokens>(std::move(grant), seconds_option(endpoint, "auth_seconds"),
                                         seconds_option(endpoint, "refresh_seconds"),
                                         std::move(first));
}

ErnieAccess::ErnieAccess(const Endpoint& endpoint)
    : by_signature(endpoint.option("access") == "iam"),
      signature_life(by_signature ? seconds_option(endpoint, "iam_sign_seconds")
                                  : std::chrono::seconds()) {}

void ErnieAccess::sign(HttpRequest& request, const Endpoint& endpoint,
                       const Signing& signing) const {
  if (by_signature) return bce_sign(request, iam_keys(endpoint), signing.now, signature_life);
  request.url += "?access_token=" + percent_encode(signing.token);
}

}  // namespace v0
}  // namespace lian
