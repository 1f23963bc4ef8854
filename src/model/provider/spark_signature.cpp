#include <array>
#include <ctime>
#include <string>

#include <fmt/format.h>

#include "core/base64.hpp"
#include "core/digest.hpp"
#include "model/provider/spark.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {

namespace {

// RFC 1123, whatever the locale.
std::string http_date(std::chrono::system_clock::time_point time) {
  constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                     months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

}  // namespace

std::string spark_signed_url(const std::string& url, std::string_view method,
                             std::string_view api_key, std::string_view api_secret,
                             std::chrono::system_clock::time_point now) {
  const std::string host = host_of(url), date = http_date(now);
  const std::string text =
      fmt::format("host: {}\ndate: {}\n{} {} HTTP/1.1", host, date, method, target_of(url));
  const std::string origin = fmt::format(
      R"(api_key="{}", algorithm="hmac-sha256", headers="host date request-line", signature="{}")",
      api_key, base64_encode(hmac_sha256(api_secret, text)));
  return fmt::format("{}?authorization={}&date={}&host={}", url,
                     percent_encode(base64_encode(origin)), percent_encode(date),
                     percent_encode(host));
}

}  // namespace v0
}  // namespace lian
