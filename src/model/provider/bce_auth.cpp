#include "model/provider/bce_auth.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/ascii.hpp"
#include "core/digest.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {

namespace {

// E.g. "2015-04-27T08:23:49Z".
std::string utc_text(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto second = floor<seconds>(time);
  const auto day = floor<days>(second);
  const year_month_day date(day);
  const hh_mm_ss clock(second - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", int(date.year()),
                     unsigned(date.month()), unsigned(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::string joined(const std::vector<std::string>& items, char separator) {
  std::string out;
  for (const std::string& item : items) {
    if (!out.empty()) out += separator;
    out += item;
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_signed(const std::string& name, const std::vector<std::string>& named) {
  if (name.starts_with("x-bce-")) return true;
  if (!named.empty()) return std::find(named.begin(), named.end(), name) != named.end();
  return name == "host" || name == "content-md5" || name == "content-length" ||
         name == "content-type";
}

std::string canonical_headers(const BceRequest& request) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : request.headers) {
    const std::string lower = ascii_lower(name);
    const std::string_view text = trimmed(value);
    if (text.empty() || !is_signed(lower, request.signed_headers)) continue;
    lines.push_back(percent_encode(lower) + ":" + percent_encode(text));
  }
  std::sort(lines.begin(), lines.end());
  return joined(lines, '\n');
}

// Where a URL's parts begin.
struct UrlParts {
  explicit UrlParts(std::string_view url) {
    const std::size_t begin = url.find("://") + 3;
    const std::size_t path_begin = std::min(url.find_first_of("/?", begin), url.size());
    const std::size_t query_begin = std::min(url.find('?', path_begin), url.size());
    authority = url.substr(begin, path_begin - begin);
    const std::string_view usual = url.starts_with("https:") ? ":443" : ":80";
    if (authority.ends_with(usual)) authority.remove_suffix(usual.size());
    path = url.substr(path_begin, query_begin - path_begin);
    if (query_begin < url.size()) query = url.substr(query_begin + 1);
  }
  std::string_view authority, path, query;
};

// A query of names and values that need no encoding.
BceRequest::Fields plain_query(std::string_view query) {
  BceRequest::Fields fields;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    fields.emplace_back(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
  }
  return fields;
}

}  // namespace

std::string bce_canonical_query(const BceRequest::Fields& query) {
  std::vector<std::string> pairs;
  for (const auto& [name, value] : query) {
    if (ascii_lower(name) == "authorization") continue;
    pairs.push_back(percent_encode(name) + "=" + percent_encode(value));
  }
  std::sort(pairs.begin(), pairs.end());
  return joined(pairs, '&');
}

std::string bce_authorization(const BceKeys& keys, const BceRequest& request,
                              std::chrono::system_clock::time_point now,
                              std::chrono::seconds lifetime) {
  const std::string prefix =
      fmt::format("bce-auth-v1/{}/{}/{}", keys.access_key, utc_text(now), lifetime.count());
  const std::string signing_key = hex(hmac_sha256(keys.secret_key, prefix));
  const std::string canonical =
      request.method + "\n" + (request.path.empty() ? "/" : request.path) + "\n" +
      bce_canonical_query(request.query) + "\n" + canonical_headers(request);
  return prefix + "/" + joined(request.signed_headers, ';') + "/" +
         hex(hmac_sha256(signing_key, canonical));
}

void bce_sign(HttpRequest& request, const BceKeys& keys, std::chrono::system_clock::time_point now,
              std::chrono::seconds lifetime) {
  const UrlParts url(request.url);
  request.headers.set("host", std::string(url.authority));  // what is signed is what is sent
  request.headers.set("x-bce-date", utc_text(now));
  BceRequest wanted;
  wanted.method = request.method;
  wanted.path = url.path;
  wanted.query = plain_query(url.query);
  wanted.headers = request.headers.fields();
  wanted.signed_headers = {"content-type", "host", "x-bce-date"};
  request.headers.set("authorization", bce_authorization(keys, wanted, now, lifetime));
}

}  // namespace v0
}  // namespace lian
