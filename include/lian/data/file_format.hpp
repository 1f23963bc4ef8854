#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lian/core/document.hpp"
#include "lian/core/export.hpp"

namespace lian {
inline namespace v0 {

/// How the documents of one kind of file are made. Stateless; used from many threads at once.
class LIAN_API FileFormat {
 public:
  virtual ~FileFormat();
  /// A word for metadata and messages, e.g. "markdown".
  virtual std::string_view name() const noexcept = 0;
  /// False: the file is text, checked and decoded, and comes in blocks. True: it comes as one
  /// document whose text is the undecoded bytes.
  virtual bool whole_file() const noexcept { return false; }
  /// Adds metadata to the file's first document, which its later ones get as well; a format that
  /// takes the whole file also turns the bytes into text. Throws Error{parse} when it cannot.
  virtual void finish(Document& document) const = 0;
};

/// Which format reads which file, by extension (case and a final ".gz" do not count). Any other
/// extension is read as text. Regular value.
class LIAN_API FileFormats {
 public:
  /// Markdown and text; HTML is refused until its format (component lian::html) is added.
  FileFormats();
  FileFormats(const FileFormats&);
  FileFormats(FileFormats&&) noexcept;
  FileFormats& operator=(const FileFormats&);
  FileFormats& operator=(FileFormats&&) noexcept;
  ~FileFormats();

  /// Lets `format` read the files with one of `extensions` (without the dot). Replaces who did.
  FileFormats& add(std::vector<std::string> extensions, std::shared_ptr<const FileFormat> format);
  /// The format for a file; null when the extension is known but nothing reads it.
  std::shared_ptr<const FileFormat> find(std::string_view path) const;

 private:
  std::vector<std::pair<std::string, std::shared_ptr<const FileFormat>>> by_extension_;
};

/// Text as it is.
LIAN_API std::shared_ptr<const FileFormat> text_format();
/// Markdown as it is, with its first heading as metadata "title".
LIAN_API std::shared_ptr<const FileFormat> markdown_format();

}  // namespace v0
}  // namespace lian
