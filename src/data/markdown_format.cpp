#include <algorithm>

#include "lian/data/file_format.hpp"

namespace lian {
inline namespace v0 {
namespace {

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// The text after front matter: "---", lines, "---" at the very beginning.
std::string_view skip_front_matter(std::string_view text) {
  std::string_view rest = text;
  if (trim(take_line(rest)) != "---") return text;
  while (!rest.empty()) {
    const std::string_view line = trim(take_line(rest));
    if (line == "---" || line == "...") return rest;
  }
  return text;
}

// "## Title ##" as "Title"; empty when the line is no ATX heading (CommonMark 0.31, section 4.2).
std::string_view atx_title(std::string_view line) {
  const std::size_t level = std::min(line.find_first_not_of('#'), line.size());
  if (level == 0 || level > 6) return {};
  std::string_view title = line.substr(level);
  if (!title.empty() && title.front() != ' ' && title.front() != '\t') return {};
  title = trim(title);
  const std::size_t last = title.find_last_not_of('#');
  if (last == title.npos) return {};
  const bool closed = last + 1 < title.size() && (title[last] == ' ' || title[last] == '\t');
  return closed ? trim(title.substr(0, last)) : title;
}

bool underlines_title(std::string_view line) {
  return !line.empty() && line.find_first_not_of('=') == line.npos;
}

std::string_view first_heading(std::string_view text) {
  text = skip_front_matter(text);
  std::string_view fence, previous;
  while (!text.empty()) {
    const std::string_view line = trim(take_line(text));
    if (!fence.empty()) {
      if (line.substr(0, 3) == fence) fence = {};
      continue;
    }
    if (line.starts_with("```") || line.starts_with("~~~")) {
      fence = line.substr(0, 3);
      previous = {};
      continue;
    }
    if (const std::string_view title = atx_title(line); !title.empty()) return title;
    if (!previous.empty() && underlines_title(line)) return previous;
    previous = line;
  }
  return {};
}

class MarkdownFormat final : public FileFormat {
 public:
  std::string_view name() const noexcept override { return "markdown"; }
  void finish(Document& document) const override {
    const std::string_view title = first_heading(document.text);
    if (!title.empty()) document.metadata.set("title", title);
  }
};

}  // namespace

std::shared_ptr<const FileFormat> markdown_format() {
  return std::make_shared<const MarkdownFormat>();
}

}  // namespace v0
}  // namespace lian
