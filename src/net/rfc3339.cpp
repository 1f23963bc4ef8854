#include "net/rfc3339.hpp"

namespace lian {
inline namespace v0 {
namespace {

using std::chrono::system_clock;

// Reads from left to right; the first thing missing makes the whole invalid.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool literal(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool digits(std::size_t count, int low, int high, int& value) {
    if (rest_.size() < count) return false;
    value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return value >= low && value <= high;
  }
  // As many digits as there are, at least one; those behind the third do not count.
  bool fraction(std::chrono::milliseconds& value) {
    int scale = 100;
    bool any = false;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; rest_.remove_prefix(1)) {
      value += std::chrono::milliseconds((rest_[0] - '0') * scale);
      scale /= 10;
      any = true;
    }
    return any;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool read_date(Reader& in, std::chrono::sys_days& date) {
  int year = 0, month = 0, day = 0;
  if (!in.digits(4, 1678, 2261, year) || !in.literal('-') || !in.digits(2, 1, 12, month) ||
      !in.literal('-') || !in.digits(2, 1, 31, day))
    return false;
  const std::chrono::year_month_day calendar(std::chrono::year(year),
                                             std::chrono::month(static_cast<unsigned>(month)),
                                             std::chrono::day(static_cast<unsigned>(day)));
  date = calendar;
  return calendar.ok();
}

bool read_time(Reader& in, std::chrono::milliseconds& time) {
  int hour = 0, minute = 0, second = 0;
  if (!in.digits(2, 0, 23, hour) || !in.literal(':') || !in.digits(2, 0, 59, minute) ||
      !in.literal(':') || !in.digits(2, 0, 60, second))
    return false;
  time = std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  return !in.literal('.') || in.fraction(time);
}

bool read_offset(Reader& in, std::chrono::minutes& offset) {
  if (in.literal('Z') || in.literal('z')) return true;
  const int sign = in.literal('-') ? -1 : in.literal('+') ? 1 : 0;
  int hour = 0, minute = 0;
  if (sign == 0 || !in.digits(2, 0, 23, hour) || !in.literal(':') || !in.digits(2, 0, 59, minute))
    return false;
  offset = sign * (std::chrono::hours(hour) + std::chrono::minutes(minute));
  return true;
}

}  // namespace

std::optional<system_clock::time_point> rfc3339_time(std::string_view text) {
  Reader in(text);
  std::chrono::sys_days date;
  std::chrono::milliseconds time{0};
  std::chrono::minutes offset{0};
  if (!read_date(in, date)) return std::nullopt;
  if (!in.literal('T') && !in.literal('t') && !in.literal(' ')) return std::nullopt;
  if (!read_time(in, time) || !read_offset(in, offset) || !in.at_end()) return std::nullopt;
  return system_clock::time_point(date + time - offset);
}

}  // namespace v0
}  // namespace lian
