#include "net/url.hpp"

#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

namespace {

struct Free {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
  void operator()(char* text) const noexcept { curl_free(text); }
};
using Url = std::unique_ptr<CURLU, Free>;

Url parse(const std::string& text) {
  Url url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return nullptr;
  return url;
}

std::string part(const Url& url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, 0) != CURLUE_OK) return {};
  const std::unique_ptr<char, Free> owner(text);
  return owner.get();
}

}  // namespace

void check_http_url(const std::string& text) {
  const auto refuse = [&](std::string_view why) {
    const bool secret = text.find_first_of("@?") != text.npos;  // may hold a password or a key
    throw Error(ErrorKind::invalid_request,
                fmt::format("'{}' cannot be used as a URL: {}",
                            secret ? "…" : text.substr(0, 200), why));
  };
  for (const char c : text)
    if (c == '\r' || c == '\n' || c == '\0' || c == ' ')
      throw Error(ErrorKind::invalid_request, "a URL holds a blank, CR, LF or NUL");
  const Url url = parse(text);
  if (!url) refuse("write it as https://host/path");
  const std::string scheme = part(url, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") refuse("only http and https are spoken");
  if (part(url, CURLUPART_HOST).empty()) refuse("it names no host");
  if (!part(url, CURLUPART_USER).empty() || !part(url, CURLUPART_PASSWORD).empty())
    throw Error(ErrorKind::invalid_request,
                "a URL holds a user name or password; pass keys as keys instead");
}

std::string host_of(const std::string& text) {
  const Url url = parse(text);
  if (!url) return text.substr(0, 100);
  const std::string port = part(url, CURLUPART_PORT);
  const std::string host = part(url, CURLUPART_HOST);
  return port.empty() ? host : host + ":" + port;
}

std::string target_of(const std::string& text) {
  const Url url = parse(text);
  if (!url) return "/";
  const std::string query = part(url, CURLUPART_QUERY);
  const std::string path = part(url, CURLUPART_PATH);
  return query.empty() ? path : path + "?" + query;
}

bool is_loopback(const std::string& text) {
  const Url url = parse(text);
  if (!url) return false;
  std::string host = part(url, CURLUPART_HOST);
  for (char& c : host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  const bool address = host.find_first_not_of("0123456789.") == host.npos;
  return host == "localhost" || host == "[::1]" || (address && host.starts_with("127.")) ||
         host.ends_with(".localhost");
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view kept = "-._~";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain || kept.find(c) != kept.npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

}  // namespace v0
}  // namespace lian
