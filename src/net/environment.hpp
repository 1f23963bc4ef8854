#pragma once

#include <string>
#include <string_view>

#include "lian/core/runtime.hpp"

namespace lian {
inline namespace v0 {

/// The one place that reads environment variables: "" when unset.
std::string environment(const char* name);

/// Proxies as the environment names them; read once for a runtime.
struct ProxySettings {
  ProxySettings() = default;
  static ProxySettings from_environment();
  std::string http, https, all, none;  // none: the no_proxy list
};

/// The proxy for a URL: the runtime's option, else the environment's; "" for none. Loopback is
/// never proxied.
std::string proxy_for(const std::string& url, const RuntimeOptions& options,
                      const ProxySettings& settings);

}  // namespace v0
}  // namespace lian
