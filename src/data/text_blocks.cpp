#include "data/text_blocks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "data/text_scan.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {
namespace detail {
namespace {

constexpr std::size_t sniffed_bytes = 8192;
constexpr std::size_t longest_sequence = 4;
constexpr std::size_t utf16_step = 1U << 16;

}  // namespace

bool Utf16Decoder::feed(std::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (!std::exchange(have_byte_, !have_byte_)) {
      byte_ = byte;
      continue;
    }
    const unsigned high = big_endian_ ? byte_ : byte, low = big_endian_ ? byte : byte_;
    if (!take_unit(high << 8U | low, out)) return false;
    offset_ += 2;
  }
  return true;
}

bool Utf16Decoder::take_unit(char32_t unit, std::string& out) {
  const bool is_high = unit >= 0xD800 && unit < 0xDC00, is_low = unit >= 0xDC00 && unit < 0xE000;
  if (is_low != (high_ != 0)) return false;
  if (is_high) {
    high_ = unit;
    return true;
  }
  if (is_low) unit = 0x10000 + ((std::exchange(high_, 0) - 0xD800) << 10U) + (unit - 0xDC00);
  utf8::append(out, unit);
  return true;
}

TextBlocks::TextBlocks(std::string path, std::unique_ptr<ByteSource> bytes, std::size_t block_bytes)
    : path_(std::move(path)), bytes_(std::move(bytes)), block_bytes_(block_bytes) {
  std::string head(sniffed_bytes, '\0');
  head.resize(bytes_->read(head.data(), head.size()));
  detect(head);
}

void TextBlocks::detect(std::string_view head) {
  at_end_ = head.size() < sniffed_bytes;
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) {
    big_endian_ = head.front() == '\xFE';
    utf16_ = std::make_unique<Utf16Decoder>(big_endian_);
    if (!utf16_->feed(head.substr(2), buffer_)) not_text(2 + utf16_->offset(), encoding());
    return;
  }
  if (const std::size_t zero = head.find('\0'); zero != head.npos) {
    throw LoadError(LoadReport(path_, LoadProblem::binary,
                               fmt::format("is no text: there is a NUL byte at {}", zero)));
  }
  if (head.starts_with("\xEF\xBB\xBF")) offset_ = 3;
  buffer_ = head.substr(offset_);
}

std::string_view TextBlocks::encoding() const noexcept {
  if (utf16_ == nullptr) return "utf-8";
  return big_endian_ ? "utf-16be" : "utf-16le";
}

bool TextBlocks::next(Document& out) {
  fill();
  if (buffer_.empty() && !first_) return false;
  const std::size_t cut = cut_point();
  if (utf16_ == nullptr) check_utf8(std::string_view(buffer_).substr(0, cut));
  first_ = false;
  std::string rest = buffer_.substr(cut);
  buffer_.resize(cut);
  if (buffer_.capacity() - cut > cut / 2) buffer_.shrink_to_fit();
  out.text = std::exchange(buffer_, std::move(rest));
  const std::uint64_t newlines = count_newlines(out.text);
  const std::uint64_t ends_line = out.text.ends_with('\n') ? 1 : 0;
  out.span = Span(offset_, offset_ + cut, line_, line_ + newlines - ends_line);
  offset_ += cut;
  line_ += newlines;
  return true;
}

// Gathers a block and the rest of a sequence that its end may cut.
void TextBlocks::fill() {
  const std::size_t wanted = block_bytes_ + longest_sequence;
  if (utf16_ != nullptr) return fill_from_utf16(wanted);
  std::size_t step = std::max<std::size_t>(buffer_.size(), sniffed_bytes);
  while (!at_end_ && buffer_.size() < wanted) {
    const std::size_t size = buffer_.size(), asked = std::min(step, wanted - size);
    buffer_.resize(size + asked);
    const std::size_t got = bytes_->read(buffer_.data() + size, asked);
    buffer_.resize(size + got);
    at_end_ = got < asked;
    step *= 2;
  }
}

void TextBlocks::fill_from_utf16(std::size_t wanted) {
  std::string raw;
  while (!at_end_ && buffer_.size() < wanted) {
    raw.resize(utf16_step);
    raw.resize(bytes_->read(raw.data(), raw.size()));
    at_end_ = raw.size() < utf16_step;
    if (!utf16_->feed(raw, buffer_)) not_text(2 + utf16_->offset(), encoding());
  }
  if (at_end_ && !utf16_->complete()) not_text(2 + utf16_->offset(), encoding());
}

std::size_t TextBlocks::cut_point() const noexcept {
  if (buffer_.size() <= block_bytes_) return buffer_.size();
  const std::size_t line_end = buffer_.rfind('\n', block_bytes_ - 1);
  if (line_end != buffer_.npos) return line_end + 1;
  std::size_t cut = block_bytes_;
  while (cut + longest_sequence > block_bytes_ + 1 && continues_sequence(buffer_[cut])) --cut;
  return cut;
}

void TextBlocks::check_utf8(std::string_view text) const {
  const std::size_t valid = utf8::valid_until(text);
  if (valid != text.size()) not_text(offset_ + valid, "utf-8");
}

void TextBlocks::not_text(std::uint64_t offset, std::string_view encoding) const {
  std::string message = fmt::format("is not {} at byte {}", encoding, offset);
  if (!first_) message += fmt::format("; its text before byte {} was loaded", offset_);
  message += "; convert the file to UTF-8";
  throw LoadError(LoadReport(path_, LoadProblem::not_text, message));
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
