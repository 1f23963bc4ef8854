#include "lian/data/file_format.hpp"

#include <algorithm>

namespace lian {
inline namespace v0 {
namespace {

class TextFormat final : public FileFormat {
 public:
  std::string_view name() const noexcept override { return "text"; }
  void finish(Document&) const override {}
};

// Every format of the library has its rows here; null: read only by a component.
struct Row {
  std::string_view extension;
  std::shared_ptr<const FileFormat> (*make)();
};
constexpr Row rows[] = {
    {"md", markdown_format},  {"markdown", markdown_format},
    {"mkd", markdown_format}, {"html", nullptr},
    {"htm", nullptr},         {"xhtml", nullptr},
};

std::string lower_extension(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);
  std::string name(path);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  const std::size_t dot = name.rfind('.');
  return dot == name.npos ? std::string() : name.substr(dot + 1);
}

}  // namespace

FileFormat::~FileFormat() = default;

FileFormats::FileFormats() {
  for (const Row& row : rows) add({std::string(row.extension)}, row.make ? row.make() : nullptr);
}
FileFormats::FileFormats(const FileFormats&) = default;
FileFormats::FileFormats(FileFormats&&) noexcept = default;
FileFormats& FileFormats::operator=(const FileFormats&) = default;
FileFormats& FileFormats::operator=(FileFormats&&) noexcept = default;
FileFormats::~FileFormats() = default;

FileFormats& FileFormats::add(std::vector<std::string> extensions,
                              std::shared_ptr<const FileFormat> format) {
  for (std::string& extension : extensions) {
    std::erase_if(by_extension_, [&](const auto& entry) { return entry.first == extension; });
    by_extension_.emplace_back(std::move(extension), format);
  }
  return *this;
}

std::shared_ptr<const FileFormat> FileFormats::find(std::string_view path) const {
  const std::string extension = lower_extension(path);
  const auto found = std::find_if(by_extension_.begin(), by_extension_.end(),
                                  [&](const auto& entry) { return entry.first == extension; });
  return found == by_extension_.end() ? text_format() : found->second;
}

std::shared_ptr<const FileFormat> text_format() { return std::make_shared<const TextFormat>(); }

}  // namespace v0
}  // namespace lian
