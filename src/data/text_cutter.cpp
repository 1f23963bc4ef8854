#include "data/text_cutter.hpp"

#include <utility>

#include "data/text_scan.hpp"

namespace lian {
inline namespace v0 {
namespace detail {
namespace {

// Lengths of parts of one text, in each unit.
class ByteMeasure {
 public:
  explicit ByteMeasure(std::string_view) {}
  std::size_t part(std::size_t begin, std::size_t end) const noexcept { return end - begin; }
  std::size_t separator(std::string_view text) const noexcept { return text.size(); }
};

class CodePointMeasure {
 public:
  explicit CodePointMeasure(std::string_view text) : index_(text) {}
  std::size_t part(std::size_t begin, std::size_t end) noexcept {
    const std::size_t before = begin == known_at_ ? known_ : index_.before(begin);
    known_at_ = end;
    known_ = index_.before(end);
    return known_ - before;
  }
  std::size_t separator(std::string_view text) const {
    return CodePointIndex(text).before(text.size());
  }

 private:
  CodePointIndex index_;
  std::size_t known_at_ = 0, known_ = 0;  // pieces are adjacent: the last end is the next begin
};

class CustomMeasure {
 public:
  CustomMeasure(std::string_view text, const TextLength& length) : text_(text), length_(length) {}
  std::size_t part(std::size_t begin, std::size_t end) const {
    return length_.measure(text_.substr(begin, end - begin));
  }
  std::size_t separator(std::string_view text) const { return length_.measure(text); }

 private:
  std::string_view text_;
  const TextLength& length_;
};

struct Part {
  std::size_t begin, end, length;
};

// The parts gathered for the next chunk: a queue whose storage is kept.
class Window {
 public:
  bool empty() const noexcept { return first_ == parts_.size(); }
  std::size_t size() const noexcept { return parts_.size() - first_; }
  const Part& front() const noexcept { return parts_[first_]; }
  const Part& back() const noexcept { return parts_.back(); }
  void push(const Part& part) { parts_.push_back(part); }
  void clear() noexcept {
    parts_.clear();
    first_ = 0;
  }
  void pop() {
    ++first_;
    if (first_ == parts_.size()) return clear();
    if (first_ < 256 || first_ * 2 < parts_.size()) return;
    parts_.erase(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

 private:
  std::vector<Part> parts_;
  std::size_t first_ = 0;
};

// The text of [begin, end) with each run of separators written once.
std::string join_runs(std::string_view source, std::string_view separator) {
  std::string out;
  out.reserve(source.size());
  std::size_t at = 0;
  while (at < source.size()) {
    const std::size_t next = source.find(separator, at);
    out.append(source.substr(at, next == source.npos ? next : next - at));
    if (next == source.npos) break;
    out.append(separator);
    at = next + separator.size();
    while (source.substr(at, separator.size()) == separator) at += separator.size();
  }
  return out;
}

template <class Measure>
class Cutter {
 public:
  Cutter(std::string_view text, const SplitterSettings& settings, Measure measure,
         std::size_t separators)
      : text_(text),
        settings_(settings),
        measure_(std::move(measure)),
        size_(static_cast<std::size_t>(settings.chunk_size)),
        overlap_(static_cast<std::size_t>(settings.chunk_overlap)),
        windows_(separators) {}

  // Cuts [begin, end) at the first separator that occurs in it.
  void cut(std::size_t begin, std::size_t end, std::span<const std::string> separators,
           bool recursive) {
    const std::string_view part = text_.substr(0, end);
    std::string_view separator = separators.back();
    std::span<const std::string> rest;
    for (std::size_t i = 0; i < separators.size(); ++i) {
      if (!separators[i].empty() && !occurs(part.substr(begin), separators[i])) continue;
      separator = separators[i];
      if (!separator.empty()) rest = separators.subspan(i + 1);
      break;
    }
    Merge merge(*this, windows_[windows_.size() - separators.size()], separator);
    const auto take = [&](std::size_t from, std::size_t to) {
      if (from == to) return;
      const std::size_t length = measure_.part(from, to);
      if (!recursive || length < size_) return merge.add({from, to, length});
      merge.finish();
      if (rest.empty()) return add_chunk(from, to, length > size_);
      cut(from, to, rest, true);
    };
    if (separator.empty()) {
      each_code_point(part, begin, take);
    } else {
      each_piece(part, begin, separator, take);
    }
    merge.finish();
  }

  std::vector<SplitChunk> take_chunks() noexcept { return std::move(chunks_); }

 private:
  // LangChain's _merge_splits.
  class Merge {
   public:
    Merge(Cutter& cutter, Window& window, std::string_view separator)
        : cutter_(cutter), window_(window) {
      window_.clear();
      if (cutter.settings_.keep_separator != KeepSeparator::none || separator.empty()) return;
      joint_ = separator;
      joint_length_ = cutter.measure_.separator(separator);
    }

    void add(const Part& part) {
      if (!fits(part.length) && !window_.empty()) {
        emit();
        while (total_ > cutter_.overlap_ || (!fits(part.length) && total_ > 0)) drop_first();
      }
      total_ += part.length + (window_.empty() ? 0 : joint_length_);
      bytes_ += part.end - part.begin;
      window_.push(part);
    }

    void finish() {
      if (!window_.empty()) emit();
      window_.clear();
      total_ = bytes_ = 0;
    }

   private:
    bool fits(std::size_t length) const noexcept {
      return total_ + length + (window_.empty() ? 0 : joint_length_) <= cutter_.size_;
    }

    void drop_first() {
      total_ -= window_.front().length + (window_.size() > 1 ? joint_length_ : 0);
      bytes_ -= window_.front().end - window_.front().begin;
      window_.pop();
    }

    void emit() const {
      const std::size_t begin = window_.front().begin, end = window_.back().end;
      const bool oversized = total_ > cutter_.size_;
      const bool exact = bytes_ + (window_.size() - 1) * joint_.size() == end - begin;
      if (exact) return cutter_.add_stripped(begin, end, oversized);
      cutter_.add_joined(begin, end, joint_, oversized);
    }

    Cutter& cutter_;
    Window& window_;
    std::string_view joint_;  // what LangChain joins the parts with; "" when they carry it
    std::size_t joint_length_ = 0;
    std::size_t total_ = 0, bytes_ = 0;
  };

  static bool occurs(std::string_view part, std::string_view separator) noexcept {
    return Occurrences(part, separator).next(0) != part.npos;
  }

  template <class Take>
  static void each_code_point(std::string_view part, std::size_t begin, const Take& take) {
    while (begin < part.size()) {
      const std::size_t next = next_code_point(part, begin);
      take(begin, next);
      begin = next;
    }
  }

  template <class Take>
  void each_piece(std::string_view part, std::size_t begin, std::string_view separator,
                  const Take& take) const {
    const std::size_t right = settings_.keep_separator == KeepSeparator::end ? separator.size() : 0;
    const std::size_t skip =
        settings_.keep_separator == KeepSeparator::start ? 0 : separator.size();
    Occurrences places(part, separator);
    std::size_t from = begin;
    for (std::size_t at = places.next(begin); at != part.npos;
         at = places.next(at + separator.size())) {
      take(from, at + right);
      from = at + skip;
    }
    take(from, part.size());
  }

  void add_chunk(std::size_t begin, std::size_t end, bool oversized) {
    chunks_.push_back({TextPiece(begin, end, oversized), nullptr});
  }

  void add_stripped(std::size_t begin, std::size_t end, bool oversized) {
    if (settings_.strip_whitespace) strip_whitespace(text_, begin, end);
    if (begin < end) add_chunk(begin, end, oversized);
  }

  void add_joined(std::size_t begin, std::size_t end, std::string_view joint, bool oversized) {
    std::string joined = join_runs(text_.substr(begin, end - begin), joint);
    const std::size_t before = chunks_.size();
    add_stripped(begin, end, oversized);
    if (chunks_.size() == before) return;
    std::size_t from = 0, to = joined.size();
    if (settings_.strip_whitespace) strip_whitespace(joined, from, to);
    joined = joined.substr(from, to - from);
    chunks_.back().joined = std::make_unique<const std::string>(std::move(joined));
  }

  std::string_view text_;
  const SplitterSettings& settings_;
  Measure measure_;
  std::size_t size_, overlap_;
  std::vector<Window> windows_;  // one a separator: a cut inside a cut starts further down the list
  std::vector<SplitChunk> chunks_;
};

template <class Measure>
std::vector<SplitChunk> cut_with(std::string_view text, const SplitterSettings& settings,
                                 Measure measure, std::span<const std::string> separators,
                                 bool recursive) {
  Cutter<Measure> cutter(text, settings, std::move(measure), separators.size());
  cutter.cut(0, text.size(), separators, recursive);
  return cutter.take_chunks();
}

}  // namespace

std::vector<SplitChunk> cut_text(std::string_view text, const SplitterSettings& settings,
                                 std::span<const std::string> separators, bool recursive) {
  if (settings.length != nullptr) {
    return cut_with(text, settings, CustomMeasure(text, *settings.length), separators, recursive);
  }
  if (settings.unit == LengthUnit::bytes) {
    return cut_with(text, settings, ByteMeasure(text), separators, recursive);
  }
  return cut_with(text, settings, CodePointMeasure(text), separators, recursive);
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
