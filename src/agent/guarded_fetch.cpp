// A GET for a model that may ask for any address: libcurl of its own, apart from the models'
// connections, so that nothing of theirs (proxies, open connections, keys) can be reached by it.
#include "agent/guarded_fetch.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "agent/address_guard.hpp"
#include "agent/host_name.hpp"
#include "core/ascii.hpp"
#include "lian/agent/tool_function.hpp"

namespace lian {
inline namespace v0 {

namespace {

struct Free {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
  void operator()(char* text) const noexcept { curl_free(text); }
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};
using Url = std::unique_ptr<CURLU, Free>;
using Easy = std::unique_ptr<CURL, Free>;
using List = std::unique_ptr<curl_slist, Free>;

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorKind::permission, "this address is not allowed: " + what);
}

std::string part(const Url& url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) return {};
  return std::unique_ptr<char, Free>(text).get();
}

// What parsers of URLs disagree about.
void check_characters(const std::string& text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= ' ' || c == '\\' || c == '\x7f')
      throw Error(ErrorKind::invalid_request,
                  "a URL holds a blank, a backslash or a control character; write these as %XX");
}

Url parsed(const std::string& text) {
  check_characters(text);
  const std::size_t colon = text.find(':');
  const std::string scheme = ascii_lower(text.substr(0, colon));
  const bool is_name = !scheme.empty() && std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
  if (colon != text.npos && is_name && scheme != "http" && scheme != "https")
    refuse("only http and https are fetched");
  const bool slashes = colon != text.npos && text.compare(colon, 3, "://") == 0 &&
                       text.compare(colon, 4, ":///") != 0;
  if (!slashes)
    throw Error(ErrorKind::invalid_request, "this is no URL; write it as https://host/path");
  Url url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
    throw Error(ErrorKind::invalid_request, "this is no URL; write it as https://host/path");
  return url;
}

bool names_host(const std::string& host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

// Whether text is an address, and whether that is public. Text of curl's normal form.
struct Literal {
  bool is_address = false, is_public = false;
};
Literal literal(const std::string& host) {
  sockaddr_storage storage{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1)
    storage.ss_family = AF_INET;
  else if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1)
    storage.ss_family = AF_INET6;
  else
    return {};
  return {true, is_public_address(reinterpret_cast<const sockaddr&>(storage))};
}

// "1.2.3" and "0x7f.1" are addresses to some resolvers: nothing but names and plain addresses.
bool looks_numeric(const std::string& host) {
  const std::string name = host.substr(0, host.find_last_not_of('.') + 1);
  const std::size_t dot = name.find_last_of('.');
  const std::string last = name.substr(dot == name.npos ? 0 : dot + 1);
  const bool digits = !last.empty() && last.find_first_not_of("0123456789") == last.npos;
  return digits || last.starts_with("0x");
}

// ------------------------------------------------------------------ one request

struct Exchange {
  Exchange(const FetchOptions& fetch_options, const Context& fetch_context)
      : options(fetch_options), context(fetch_context) {}
  const FetchOptions& options;
  const Context& context;
  FetchedPage page;
  std::string location;
  bool too_long = false, refused = false;
};

std::size_t on_body(char* bytes, std::size_t, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  if (exchange.page.body.size() + count > exchange.options.max_bytes()) {
    exchange.too_long = true;
    return 0;
  }
  exchange.page.body.append(bytes, count);
  return count;
}

// The last line of defence: the very address that is connected to.
curl_socket_t on_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& exchange = *static_cast<Exchange*>(self);
  if (!exchange.options.allow_private() && !is_public_address(address->addr)) {
    exchange.refused = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& exchange = *static_cast<Exchange*>(self);
  const auto deadline = exchange.context.deadline();
  return exchange.context.stop_requested() || (deadline && Clock::now() >= *deadline) ? 1 : 0;
}

template <class Function>
void set_callback(CURL* easy, CURLoption function_option, Function function, CURLoption data_option,
                  void* data) {
  curl_easy_setopt(easy, function_option, function);
  curl_easy_setopt(easy, data_option, data);
}

List pinned(const CheckedUrl& target) {
  std::string line = fmt::format("{}:{}:", target.host, target.port);
  for (std::size_t i = 0; i < target.addresses.size(); ++i) {
    const std::string& address = target.addresses[i];
    const bool v6 = address.find(':') != address.npos;
    line += fmt::format("{}{}", i == 0 ? "" : ",", v6 ? "[" + address + "]" : address);
  }
  return List(curl_slist_append(nullptr, line.c_str()));
}

void perform(const CheckedUrl& target, Exchange& exchange, std::chrono::milliseconds left) {
  const Easy easy(curl_easy_init());
  const List addresses = pinned(target);
  if (!easy || !addresses) throw Error(ErrorKind::network, "libcurl could not be set up");
  CURL* handle = easy.get();
  curl_easy_setopt(handle, CURLOPT_URL, target.url.c_str());
  if (!literal(target.host).is_address) curl_easy_setopt(handle, CURLOPT_RESOLVE, addresses.get());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "lian");
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<long>(1, left.count())));
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  set_callback(handle, CURLOPT_WRITEFUNCTION, &on_body, CURLOPT_WRITEDATA, &exchange);
  set_callback(handle, CURLOPT_OPENSOCKETFUNCTION, &on_socket, CURLOPT_OPENSOCKETDATA, &exchange);
  set_callback(handle, CURLOPT_XFERINFOFUNCTION, &on_progress, CURLOPT_XFERINFODATA, &exchange);
  const CURLcode code = curl_easy_perform(handle);
  exchange.context.check();
  if (exchange.refused) refuse(target.host + " is not of the public internet");
  if (exchange.too_long)
    throw LimitError(fmt::format("the page is longer than {} bytes (FetchOptions::max_bytes)",
                                 exchange.options.max_bytes()),
                     "max_bytes", exchange.options.max_bytes());
  if (code == CURLE_OPERATION_TIMEDOUT)
    throw Error(ErrorKind::timeout, target.host + " took too long (FetchOptions::timeout)");
  if (code != CURLE_OK)
    throw Error(ErrorKind::network,
                fmt::format("{} could not be read: {}", target.host, curl_easy_strerror(code)));
  long status = 0;
  const char* type = nullptr;
  const char* location = nullptr;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
  curl_easy_getinfo(handle, CURLINFO_REDIRECT_URL, &location);
  exchange.page.url = target.url;
  exchange.page.status = static_cast<int>(status);
  exchange.page.content_type = type ? type : "";
  exchange.location = location ? location : "";
}

}  // namespace

// ------------------------------------------------------------------ what may be reached

std::vector<std::string> resolve_by_system(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
    throw Error(ErrorKind::network, "cannot find the address of " + host);
  const std::unique_ptr<addrinfo, Free> owner(found);
  std::vector<std::string> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0,
                      NI_NUMERICHOST) == 0)
      addresses.emplace_back(text);
  }
  return addresses;
}

CheckedUrl check_url(const std::string& text, const FetchOptions& options, const Resolve& resolve) {
  const Url url = parsed(text);
  CheckedUrl target;
  if (!part(url, CURLUPART_USER).empty() || !part(url, CURLUPART_PASSWORD).empty())
    refuse("it holds a user name or a password");
  curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
  // Names of other scripts in ASCII, as they are looked up: what looks like an address becomes one.
  target.host = ascii_host(part(url, CURLUPART_HOST));
  const bool v6 = target.host.starts_with('[') && target.host.ends_with(']');
  if (v6) target.host = target.host.substr(1, target.host.size() - 2);
  const std::string port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  target.port = port.empty() || port.size() > 5 ? 0 : std::stoi(port);
  const auto& ports = options.ports();
  if (std::find(ports.begin(), ports.end(), target.port) == ports.end())
    refuse(fmt::format("port {} (FetchOptions::allow_port)", port));
  const Literal address = literal(target.host);
  if (v6 ? !address.is_address : !names_host(target.host))
    throw Error(ErrorKind::invalid_request, "the URL names no host that could be fetched");
  if (!v6) curl_url_set(url.get(), CURLUPART_HOST, target.host.c_str(), 0);
  target.url = part(url, CURLUPART_URL);
  if (target.url.empty()) throw Error(ErrorKind::invalid_request, "the URL names no host");
  if (address.is_address) {
    if (!address.is_public && !options.allow_private())
      refuse(target.host + " is not of the public internet");
    target.addresses.push_back(target.host);
    return target;
  }
  if (!options.allow_private() && (is_local_name(target.host) || looks_numeric(target.host)))
    refuse(target.host + " is a name of the local network");
  target.addresses = resolve(target.host, target.port);
  if (target.addresses.empty())
    throw Error(ErrorKind::network, "cannot find the address of " + target.host);
  for (const std::string& one : target.addresses)
    if (!options.allow_private() && !literal(one).is_public)
      refuse(target.host + " stands for an address that is not of the public internet");
  return target;
}

FetchedPage guarded_fetch(const std::string& url, const FetchOptions& options,
                          const Context& context, const Resolve& resolve) {
  using std::chrono::milliseconds;
  const auto end = Clock::now() + options.timeout();
  std::string next = url;
  for (int redirects = 0; redirects <= options.max_redirects(); ++redirects) {
    context.check();
    Exchange exchange(options, context);
    const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
    perform(check_url(next, options, resolve), exchange, left);
    const bool moved = exchange.page.status >= 300 && exchange.page.status < 400;
    if (!moved || exchange.location.empty()) return std::move(exchange.page);
    next = exchange.location;
  }
  throw LimitError(
      fmt::format("more than {} redirects (FetchOptions::max_redirects)", options.max_redirects()),
      "max_redirects", static_cast<std::uint64_t>(options.max_redirects()));
}

// ------------------------------------------------------------------ the tool

namespace {

ToolOutput output_of(FetchedPage page) {
  if (page.status >= 400)
    throw Error(ErrorKind::not_found,
                fmt::format("{} answered with the status {}", page.url, page.status));
  Json about = Json::object();
  about.set("url", page.url).set("status", page.status).set("content_type", page.content_type);
  return ToolOutput(std::move(page.body), std::move(about));
}

}  // namespace

Tool fetch_tool(FetchOptions fetch, ToolOptions options) {
  return tool(
      "fetch", "Gets a page of the web by its URL and gives its text.",
      [fetch = std::move(fetch)](const std::string& url, const Context& context) {
        return output_of(guarded_fetch(url, fetch, context));
      },
      {{"url", "http or https"}}, options.blocking());
}

}  // namespace v0
}  // namespace lian
