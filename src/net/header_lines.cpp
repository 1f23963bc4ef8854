#include "net/header_lines.hpp"

#include "lian/core/version.hpp"

namespace lian {
inline namespace v0 {

namespace {
constexpr std::string_view our_name = ": lian/";
}

void HeaderLines::add(std::string_view name, std::string_view separator, std::string_view value) {
  curl_slist line{};
  line.data = text_.data() + text_.size();
  text_.append(name).append(separator).append(value).push_back('\0');
  lines_.push_back(line);
}

void HeaderLines::drop() noexcept {
  text_ = std::string();
  lines_ = {};
}

curl_slist* HeaderLines::list(const HttpHeaders& headers) {
  constexpr std::string_view no_expect = "Expect:", agent = "User-Agent";
  const std::string_view release = version();
  const bool names_agent = headers.find(agent) != nullptr;
  std::size_t bytes = no_expect.size() + agent.size() + our_name.size() + release.size() + 4;
  for (const auto& [name, value] : headers.fields()) bytes += name.size() + 2 + value.size() + 1;
  text_.clear();
  text_.reserve(bytes);  // the lines point into it
  lines_.clear();
  lines_.reserve(headers.fields().size() + 2);
  for (const auto& [name, value] : headers.fields()) add(name, value.empty() ? ";" : ": ", value);
  add(no_expect, "", "");
  if (!names_agent) add(agent, our_name, release);  // libcurl's option would be formatted twice
  for (std::size_t i = 1; i < lines_.size(); ++i) lines_[i - 1].next = &lines_[i];
  return lines_.data();
}

}  // namespace v0
}  // namespace lian
