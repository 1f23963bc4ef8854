// Arithmetic, read and worked out in one pass: a parser of its own that runs nothing else.
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "lian/agent/ready_tools.hpp"
#include "lian/agent/tool_function.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t longest = 1000;
constexpr int deepest = 100;

struct MathFunction {
  std::string_view name;
  double (*of_one)(double);
  double (*of_two)(double, double);  // null: takes one
};

double larger(double a, double b) { return a > b ? a : b; }
double smaller(double a, double b) { return a < b ? a : b; }
double half_away(double x) { return std::round(x); }

constexpr std::array functions{
    MathFunction{"abs", [](double x) { return std::abs(x); }, nullptr},
    MathFunction{"ceil", [](double x) { return std::ceil(x); }, nullptr},
    MathFunction{"cos", [](double x) { return std::cos(x); }, nullptr},
    MathFunction{"exp", [](double x) { return std::exp(x); }, nullptr},
    MathFunction{"floor", [](double x) { return std::floor(x); }, nullptr},
    MathFunction{"ln", [](double x) { return std::log(x); }, nullptr},
    MathFunction{"log", [](double x) { return std::log10(x); }, nullptr},
    MathFunction{"log2", [](double x) { return std::log2(x); }, nullptr},
    MathFunction{"max", nullptr, &larger},
    MathFunction{"min", nullptr, &smaller},
    MathFunction{"pow", nullptr, [](double a, double b) { return std::pow(a, b); }},
    MathFunction{"round", &half_away, nullptr},
    MathFunction{"sin", [](double x) { return std::sin(x); }, nullptr},
    MathFunction{"sqrt", [](double x) { return std::sqrt(x); }, nullptr},
    MathFunction{"tan", [](double x) { return std::tan(x); }, nullptr}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// sum = product (('+' | '-') product)*; product = sign (('*' | '/' | '%') sign)*;
// sign = ('+' | '-') sign | power; power = atom ('^' sign)?
class Calculation {
 public:
  explicit Calculation(std::string_view text) : text_(text) {}

  double value() {
    const double result = sum();
    if (peek() != '\0') fail("an operator was expected here");
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw ParseError(fmt::format("{} (byte {} of '{}')", what, at_, text_), std::string(text_), at_,
                     "Write one expression, e.g. (2 + 3) * sqrt(16).");
  }

  [[noreturn]] static void outside(const std::string& what) {
    throw Error(ErrorKind::validation, what);
  }

  // Every intermediate result is a finite number.
  static double finite(double value, std::string_view of) {
    if (std::isnan(value)) outside(fmt::format("{} has no value there", of));
    if (std::isinf(value)) outside(fmt::format("{} is too large a number", of));
    return value;
  }

  char peek() {
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }

  double sum() {
    double left = product();
    while (true) {
      if (take('+'))
        left = finite(left + product(), "the sum");
      else if (take('-'))
        left = finite(left - product(), "the difference");
      else
        return left;
    }
  }

  double product() {
    double left = sign();
    while (true) {
      if (take('*')) {
        left = finite(left * sign(), "the product");
      } else if (take('/')) {
        const double right = sign();
        if (right == 0) outside("division by zero");
        left = finite(left / right, "the quotient");
      } else if (take('%')) {
        const double right = sign();
        if (right == 0) outside("division by zero (the remainder of it)");
        left = finite(std::fmod(left, right), "the remainder");
      } else {
        return left;
      }
    }
  }

  double sign() {
    const Depth depth(*this);
    if (take('-')) return -sign();
    if (take('+')) return sign();
    const double base = atom();
    return take('^') ? finite(std::pow(base, sign()), "the power") : base;
  }

  double atom() {
    const char c = peek();
    if (is_digit(c) || c == '.') return number();
    if (is_letter(c)) return named();
    if (!take('('))
      fail(c == '\0' ? "the expression ends where a number was expected"
                     : "a number was expected here");
    const double inner = sum();
    if (!take(')')) fail("a ')' is missing");
    return inner;
  }

  double number() {
    double value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, status] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (status == std::errc::result_out_of_range) outside("a number is too large or too small");
    if (status != std::errc()) fail("this is no number");
    at_ += static_cast<std::size_t>(end - begin);
    return value;
  }

  double named() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (name == "pi") return std::numbers::pi;
    if (name == "e") return std::numbers::e;
    for (const MathFunction& function : functions)
      if (function.name == name) return called(function);
    at_ = begin;
    fail(fmt::format("'{}' is unknown here", name));
  }

  double called(const MathFunction& function) {
    if (!take('(')) fail(fmt::format("'{}' needs its arguments in parentheses", function.name));
    const double first = sum();
    double value = 0;
    if (function.of_two == nullptr) {
      value = function.of_one(first);
    } else {
      if (!take(',')) fail(fmt::format("'{}' takes two arguments", function.name));
      value = function.of_two(first, sum());
    }
    if (!take(')')) fail("a ')' is missing");
    return finite(value, function.name);
  }

  class Depth {
   public:
    explicit Depth(Calculation& calculation) : calculation_(calculation) {
      if (++calculation_.depth_ > deepest)
        throw LimitError(fmt::format("the expression is deeper than {} levels", deepest), "depth",
                         deepest);
    }
    ~Depth() { --calculation_.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;

   private:
    Calculation& calculation_;
  };

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

std::string shown(double value) {
  constexpr double exact = 9007199254740992.0;  // 2^53
  if (value == 0) return "0";
  if (std::trunc(value) == value && std::abs(value) <= exact) return fmt::format("{:.0f}", value);
  return fmt::format("{}", value);
}

std::string calculate_text(const std::string& expression) { return shown(calculate(expression)); }

}  // namespace

double calculate(std::string_view expression) {
  if (expression.size() > longest)
    throw LimitError(
        fmt::format("the expression has {} bytes, at most {} are read", expression.size(), longest),
        "bytes", longest);
  return Calculation(expression).value();
}

Tool calculator_tool(ToolOptions options) {
  return tool("calculator",
              "Works out an arithmetic expression exactly as written, e.g. (2 + 3) * sqrt(16).",
              &calculate_text, {{"expression", "numbers, + - * / % ^, parentheses, functions"}},
              std::move(options));
}

}  // namespace v0
}  // namespace lian
