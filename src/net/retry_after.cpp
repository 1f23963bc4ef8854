#include "net/retry_after.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

namespace lian {
inline namespace v0 {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

// Reads a date from left to right; the first thing missing makes the whole invalid.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : rest_(text) {}

  bool literal(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  bool digits(std::size_t count, int& value) {
    if (rest_.size() < count) return false;
    value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const char c = rest_[i];
      const bool padding = c == ' ' && i == 0 && count == 2;  // asctime: "Jan  1"
      if (!padding && (c < '0' || c > '9')) return false;
      value = value * 10 + (padding ? 0 : c - '0');
    }
    rest_.remove_prefix(count);
    return true;
  }
  template <std::size_t N>
  bool one_of(const std::array<std::string_view, N>& words, int& index) {
    for (std::size_t i = 0; i < N; ++i) {
      if (!literal(words[i])) continue;
      index = static_cast<int>(i);
      return true;
    }
    return false;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kLongDays = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

struct Date {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

bool read_time(DateReader& in, Date& date) {
  return in.digits(2, date.hour) && in.literal(":") && in.digits(2, date.minute) &&
         in.literal(":") && in.digits(2, date.second);
}

// Sun, 06 Nov 1994 08:49:37 GMT
bool read_imf(DateReader in, Date& date) {
  int weekday = 0;
  return in.one_of(kDays, weekday) && in.literal(", ") && in.digits(2, date.day) &&
         in.literal(" ") && in.one_of(kMonths, date.month) && in.literal(" ") &&
         in.digits(4, date.year) && in.literal(" ") && read_time(in, date) && in.literal(" GMT") &&
         in.at_end();
}

// Sunday, 06-Nov-94 08:49:37 GMT; a year more than 50 years ahead is of the past century.
bool read_rfc850(DateReader in, Date& date, int this_year) {
  int weekday = 0;
  const bool ok = in.one_of(kLongDays, weekday) && in.literal(", ") && in.digits(2, date.day) &&
                  in.literal("-") && in.one_of(kMonths, date.month) && in.literal("-") &&
                  in.digits(2, date.year) && in.literal(" ") && read_time(in, date) &&
                  in.literal(" GMT") && in.at_end();
  date.year += this_year / 100 * 100;
  if (date.year > this_year + 50) date.year -= 100;
  return ok;
}

// Sun Nov  6 08:49:37 1994
bool read_asctime(DateReader in, Date& date) {
  int weekday = 0;
  return in.one_of(kDays, weekday) && in.literal(" ") && in.one_of(kMonths, date.month) &&
         in.literal(" ") && in.digits(2, date.day) && in.literal(" ") && read_time(in, date) &&
         in.literal(" ") && in.digits(4, date.year) && in.at_end();
}

std::optional<double> seconds_until_date(std::string_view text,
                                         std::chrono::system_clock::time_point now) {
  namespace chrono = std::chrono;
  const chrono::year_month_day today(chrono::floor<chrono::days>(now));
  Date date;
  if (!read_imf(DateReader(text), date) && !read_asctime(DateReader(text), date) &&
      !read_rfc850(DateReader(text), date, static_cast<int>(today.year()))) {
    return std::nullopt;
  }
  const chrono::year_month_day day(chrono::year(date.year),
                                   chrono::month(static_cast<unsigned>(date.month) + 1),
                                   chrono::day(static_cast<unsigned>(date.day)));
  if (!day.ok() || date.hour > 23 || date.minute > 59 || date.second > 60) return std::nullopt;
  const auto at = chrono::sys_days(day) + chrono::hours(date.hour) + chrono::minutes(date.minute) +
                  chrono::seconds(date.second);
  return chrono::duration<double>(at - now).count();
}

std::optional<double> wait_seconds(const HttpHeaders& headers,
                                   std::chrono::system_clock::time_point now) {
  if (const std::string* value = headers.find("retry-after-ms")) {
    const auto milliseconds = number(trimmed(*value));
    if (milliseconds && *milliseconds > 0) return *milliseconds / 1000;
  }
  const std::string* value = headers.find("retry-after");
  if (value == nullptr) return std::nullopt;
  auto seconds = number(trimmed(*value));
  if (!seconds) seconds = seconds_until_date(trimmed(*value), now);
  if (seconds && *seconds > 0) return seconds;
  return std::nullopt;
}

}  // namespace

RetryHint retry_hint(const HttpHeaders& headers, std::chrono::system_clock::time_point now) {
  RetryHint hint;
  if (const auto seconds = wait_seconds(headers, now)) {
    hint.seconds = *seconds;
    hint.kind = *seconds > kMaxRetryAfterSeconds ? RetryHint::Kind::give_up : RetryHint::Kind::wait;
  }
  if (const std::string* value = headers.find("x-should-retry")) {
    if (trimmed(*value) == "true") hint.should_retry = true;
    if (trimmed(*value) == "false") hint.should_retry = false;
  }
  return hint;
}

}  // namespace v0
}  // namespace lian
