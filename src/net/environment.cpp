#include "net/environment.hpp"

#include <cstdlib>

#include "net/url.hpp"

namespace lian {
inline namespace v0 {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

namespace {

std::string either(const char* lower, const char* upper) {
  std::string value = environment(lower);
  return value.empty() ? environment(upper) : value;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// "host:port" without the port and without the brackets of an IPv6 address.
std::string_view bare(std::string_view host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.rfind(':'));
}

// A no_proxy entry matches the host itself and everything below it; "*" matches all.
bool exempt(std::string_view host, std::string_view list) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view entry = list.substr(0, comma);
    list.remove_prefix(comma == list.npos ? list.size() : comma + 1);
    while (!entry.empty() && entry.front() == ' ') entry.remove_prefix(1);
    while (!entry.empty() && entry.back() == ' ') entry.remove_suffix(1);
    if (entry == "*") return true;
    if (entry.starts_with('.')) entry.remove_prefix(1);
    if (entry.empty() || !host.ends_with(entry)) continue;
    if (host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.') return true;
  }
  return false;
}

}  // namespace

ProxySettings ProxySettings::from_environment() {
  ProxySettings settings;
  settings.http = environment("http_proxy");  // HTTP_PROXY can be set by a request under CGI
  settings.https = either("https_proxy", "HTTPS_PROXY");
  settings.all = either("all_proxy", "ALL_PROXY");
  settings.none = either("no_proxy", "NO_PROXY");
  return settings;
}

std::string proxy_for(const std::string& url, const RuntimeOptions& options,
                      const ProxySettings& settings) {
  if (is_loopback(url)) return {};
  if (options.proxy()) return *options.proxy();
  if (settings.http.empty() && settings.https.empty() && settings.all.empty()) return {};
  const std::string host = lower(host_of(url));
  if (exempt(bare(host), lower(settings.none))) return {};
  const std::string& own = lower(url.substr(0, 6)) == "https:" ? settings.https : settings.http;
  return own.empty() ? settings.all : own;
}

}  // namespace v0
}  // namespace lian
