#include "net/header_lines.hpp"

namespace lian {
inline namespace v0 {

void HeaderLines::add(std::string_view name, std::string_view separator, std::string_view value) {
  curl_slist line{};
  line.data = text_.data() + text_.size();
  text_.append(name).append(separator).append(value).push_back('\0');
  lines_.push_back(line);
}

curl_slist* HeaderLines::list(const HttpHeaders& headers) {
  constexpr std::string_view no_expect = "Expect:";
  std::size_t bytes = no_expect.size() + 1;
  for (const auto& [name, value] : headers.fields()) bytes += name.size() + 2 + value.size() + 1;
  text_.clear();
  text_.reserve(bytes);  // the lines point into it
  lines_.clear();
  lines_.reserve(headers.fields().size() + 1);
  for (const auto& [name, value] : headers.fields()) add(name, value.empty() ? ";" : ": ", value);
  add(no_expect, "", "");
  for (std::size_t i = 1; i < lines_.size(); ++i) lines_[i - 1].next = &lines_[i];
  return lines_.data();
}

}  // namespace v0
}  // namespace lian
