#pragma once

#include <memory>
#include <string_view>

#include "lian/core/export.hpp"
#include "lian/data/file_format.hpp"
#include "lian/data/loader.hpp"

namespace lian {
inline namespace v0 {

/// HTML as readable text (component lian::html): entities decoded, white space collapsed outside
/// `pre`, a line a block, a blank line around paragraphs and headings; scripts, styles, navigation
/// and other things that are not the page's text are left out. Any bytes are accepted and nothing
/// is fetched. The encoding is that of the BOM, else UTF-8 if the bytes are, else the charset the
/// page declares, else windows-1252; bytes that it lacks become U+FFFD. Metadata: "title", "lang",
/// "encoding" when not UTF-8. Spans count in the text. A page whose elements nest deeper than
/// 10,000 (of more than 100,000 tags: 1,000,000,000 by their number, but at least 500) is refused
/// with Error{parse}: the time it takes is in proportion to its size. Thread-safe.
LIAN_API std::shared_ptr<const FileFormat> html_format();

/// An HTML file.
class LIAN_API HtmlLoader final : public FileLoader {
 public:
  explicit HtmlLoader(std::string_view path);
};

}  // namespace v0
}  // namespace lian
