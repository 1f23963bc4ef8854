#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>

#include "data/html/html_encoding.hpp"
#include "data/html/page_text.hpp"
#include "lian/core/error.hpp"
#include "lian/data/html_loader.hpp"

namespace lian {
inline namespace v0 {
namespace {

// libxml2 looks through all open elements for the one that an end tag may close, so a page of many
// tags may not nest as deep as others: the time stays in proportion to the page.
constexpr std::ptrdiff_t deepest = 10000, deepest_of_many_tags = 500, most_steps = 1'000'000'000;

std::ptrdiff_t deepest_for(std::string_view page) {
  const std::ptrdiff_t tags = std::count(page.begin(), page.end(), '<');
  return std::clamp(most_steps / std::max<std::ptrdiff_t>(tags, 1), deepest_of_many_tags, deepest);
}

constexpr std::array<std::string_view, 11> left_out = {"script",   "style",  "template", "noscript",
                                                       "iframe",   "object", "svg",      "select",
                                                       "textarea", "button", "canvas"};
constexpr std::array<std::string_view, 13> paragraphs = {
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "dl", "pre", "table"};
constexpr std::array<std::string_view, 20> lines = {
    "div",     "li",      "dt",   "dd",     "tr",         "section", "article",
    "header",  "footer",  "main", "aside",  "figcaption", "figure",  "address",
    "caption", "summary", "hr",   "center", "body",       "details"};

template <class Names>
bool is_one_of(std::string_view name, const Names& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view text_of(const xmlChar* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

// What is read from a page, driven by the parser's events; no tree is built.
class Page {
 public:
  Page(bool keep_navigation, std::ptrdiff_t may_nest)
      : keep_navigation_(keep_navigation), may_nest_(may_nest) {}

  void start(std::string_view name, const xmlChar** attributes) {
    too_deep_ = too_deep_ || ++depth_ > may_nest_;
    if (name == "html" && lang.empty()) lang = attribute(attributes, "lang");
    if (name == "title" && skipped_ == 0 && title.empty()) in_title_ = true;
    if (name == "h1" && heading.empty()) in_heading_ = true;
    if (name == "pre") ++pre_;
    if (is_skipped(name)) ++skipped_;
    break_at(name);
    if (name == "br") text.break_lines(1);
    if (name == "td" || name == "th") text.add_space();
  }

  void end(std::string_view name) {
    --depth_;
    if (name == "title") in_title_ = false;
    if (name == "h1") in_heading_ = false;
    if (name == "pre" && pre_ > 0) --pre_;
    if (is_skipped(name) && skipped_ > 0) --skipped_;
    break_at(name);
  }

  void characters(std::string_view part) {
    if (in_title_) {
      title_text_.add(part);
      return;
    }
    if (skipped_ > 0) return;
    if (in_heading_) heading_text_.add(part);
    pre_ > 0 ? text.add_verbatim(part) : text.add(part);
  }

  void finish() {
    title = one_line(title_text_);
    heading = one_line(heading_text_);
  }

  bool too_deep() const noexcept { return too_deep_; }

  std::string title, heading, lang;
  detail::PageText text;

 private:
  bool is_skipped(std::string_view name) const {
    return is_one_of(name, left_out) || (name == "nav" && !keep_navigation_);
  }

  void break_at(std::string_view name) {
    if (is_one_of(name, paragraphs)) return text.break_lines(2);
    if (is_one_of(name, lines)) text.break_lines(1);
  }

  static std::string_view attribute(const xmlChar** attributes, std::string_view name) {
    for (; attributes != nullptr && attributes[0] != nullptr; attributes += 2) {
      if (text_of(attributes[0]) == name) return text_of(attributes[1]);
    }
    return {};
  }

  static std::string one_line(detail::PageText& text) {
    std::string line = text.take();
    if (!line.empty()) line.pop_back();
    return line;
  }

  bool keep_navigation_, in_title_ = false, in_heading_ = false, too_deep_ = false;
  std::ptrdiff_t may_nest_, depth_ = 0;
  int pre_ = 0, skipped_ = 0;
  detail::PageText title_text_, heading_text_;
};

struct Parsing {
  Page page;
  htmlParserCtxtPtr context;
};

void on_start(void* data, const xmlChar* name, const xmlChar** attributes) {
  auto& parsing = *static_cast<Parsing*>(data);
  parsing.page.start(text_of(name), attributes);
  if (parsing.page.too_deep()) xmlStopParser(parsing.context);
}
void on_end(void* data, const xmlChar* name) {
  static_cast<Parsing*>(data)->page.end(text_of(name));
}
void on_text(void* data, const xmlChar* text, int size) {
  const std::string_view part(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  static_cast<Parsing*>(data)->page.characters(part);
}

struct FreeContext {
  void operator()(htmlParserCtxtPtr context) const noexcept { htmlFreeParserCtxt(context); }
};

Page parse(const std::string& utf8, bool keep_navigation) {
  const std::unique_ptr<htmlParserCtxt, FreeContext> context(
      htmlCreateMemoryParserCtxt(utf8.data(), static_cast<int>(utf8.size())));
  if (context == nullptr) throw Error(ErrorKind::parse, "libxml2 could not start");
  const std::ptrdiff_t may_nest = deepest_for(utf8);
  Parsing parsing{Page(keep_navigation, may_nest), context.get()};
  *context->sax = htmlSAXHandler();
  context->sax->startElement = on_start;
  context->sax->endElement = on_end;
  context->sax->characters = on_text;
  context->sax->ignorableWhitespace = on_text;
  context->sax->cdataBlock = on_text;
  context->userData = &parsing;
  htmlCtxtUseOptions(context.get(), HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                        HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
  xmlSwitchEncoding(context.get(), XML_CHAR_ENCODING_UTF8);
  htmlParseDocument(context.get());
  if (parsing.page.too_deep()) {
    throw Error(ErrorKind::parse, "its elements nest deeper than " + std::to_string(may_nest));
  }
  parsing.page.finish();
  return std::move(parsing.page);
}

// An element of navigation that is never closed must not take the page with it.
Page read_page(const std::string& utf8, std::string& text) {
  Page page = parse(utf8, false);
  text = page.text.take();
  if (!text.empty()) return page;
  page = parse(utf8, true);
  text = page.text.take();
  return page;
}

class HtmlFormat final : public FileFormat {
 public:
  std::string_view name() const noexcept override { return "html"; }
  bool whole_file() const noexcept override { return true; }

  void finish(Document& document) const override {
    std::string encoding;
    const std::string utf8 = detail::decode_html(document.text, encoding);
    if (utf8.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
      throw Error(ErrorKind::parse, "it is larger than 2 GiB");
    }
    document.text.clear();
    if (utf8.empty()) return;
    const Page page = read_page(utf8, document.text);
    const std::string& title = page.title.empty() ? page.heading : page.title;
    if (!title.empty()) document.metadata.set("title", title);
    if (!page.lang.empty()) document.metadata.set("lang", page.lang);
    if (encoding != "utf-8") document.metadata.set("encoding", encoding);
  }
};

}  // namespace

std::shared_ptr<const FileFormat> html_format() {
  static const bool initialised = (xmlInitParser(), true);  // once, before threads parse
  static_cast<void>(initialised);
  return std::make_shared<const HtmlFormat>();
}

HtmlLoader::HtmlLoader(std::string_view path) : FileLoader(path, html_format()) {}

}  // namespace v0
}  // namespace lian
