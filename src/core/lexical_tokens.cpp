#include "core/lexical_tokens.hpp"

#include <utf8proc.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace lian {
inline namespace v0 {
namespace {

constexpr std::size_t longest_token = 128;

struct Decoded {
  char32_t point;
  std::size_t bytes;  // 1 for a byte that is not UTF-8
  bool valid;
};

Decoded decode(std::string_view text, std::size_t at) {
  utf8proc_int32_t point = 0;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at);
  const utf8proc_ssize_t length =
      utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size() - at), &point);
  if (length <= 0) return {0, 1, false};
  return {static_cast<char32_t>(point), static_cast<std::size_t>(length), true};
}

bool is_ascii_word(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_han(char32_t c) { return c >= 0x4E00 && c <= 0x9FFF; }

// Punctuation so frequent in Chinese text that it is worth knowing without a look-up.
bool is_cjk_punctuation(char32_t c) {
  return (c >= 0x3000 && c <= 0x3003) || (c >= 0x3008 && c <= 0x3011) ||
         (c >= 0x2010 && c <= 0x2027) || (c >= 0xFF01 && c <= 0xFF0F) ||
         (c >= 0xFF1A && c <= 0xFF20);
}

// Scripts written without spaces between words (Hangul is, but with its endings attached).
bool is_unspaced(char32_t c) {
  if (c < 0x1100) return false;
  return is_han(c) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x3005 && c <= 0x3007) ||
         (c >= 0x3021 && c <= 0x312F) || (c >= 0x31A0 && c <= 0x31BF) ||
         (c >= 0x31F0 && c <= 0x31FF) || (c >= 0xAC00 && c <= 0xD7A3) ||
         (c >= 0x1100 && c <= 0x11FF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x3FFFF);
}

bool is_word(char32_t c) {
  if (c < 0x80) return is_ascii_word(static_cast<unsigned char>(c));
  if (is_han(c)) return true;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return true;
    default:
      return false;
  }
}

struct Free {
  void operator()(utf8proc_uint8_t* bytes) const { std::free(bytes); }
};

// Cuts normalised text into tokens: words, and the unspaced runs character by character.
class Cutter {
 public:
  Cutter(LexicalUse use, LexicalSink sink, void* state) : use_(use), sink_(sink), state_(state) {}

  void cut(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      const Decoded next = decode(text, at);
      const std::string_view bytes = text.substr(at, next.bytes);
      at += next.bytes;
      if (!next.valid || !is_word(next.point)) {
        end_word();
        end_run();
      } else if (is_unspaced(next.point)) {
        end_word();
        extend_run(bytes);
      } else {
        end_run();
        extend_word(bytes);
      }
    }
    end_word();
    end_run();
  }

 private:
  void extend_word(std::string_view character) {
    if (word_.size() + character.size() > longest_token) end_word();
    word_ += character;
  }

  void end_word() {
    if (word_.empty()) return;
    sink_(state_, word_);
    word_.clear();
  }

  void extend_run(std::string_view character) {
    if (use_ == LexicalUse::index) sink_(state_, character);
    if (run_length_ > 0) {
      pair_.assign(previous_).append(character);
      sink_(state_, pair_);
    }
    previous_.assign(character);
    ++run_length_;
  }

  void end_run() {
    if (run_length_ == 1 && use_ == LexicalUse::query) sink_(state_, previous_);
    run_length_ = 0;
  }

  LexicalUse use_;
  LexicalSink sink_;
  void* state_;
  std::string word_, pair_, previous_;
  std::size_t run_length_ = 0;
};

// A stretch of text without separators, and whether it must be normalised.
class Stretch {
 public:
  Stretch(LexicalUse use, LexicalSink sink, void* state)
      : cutter_(use, sink, state), sink_(sink), state_(state) {}

  void finish(std::string_view stretch, bool ascii, bool plain) {
    if (stretch.empty()) return;
    if (plain) {
      lower_.assign(stretch);
      for (char& c : lower_) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      }
    }
    if (plain && ascii && stretch.size() <= longest_token) return sink_(state_, lower_);
    if (plain) return cutter_.cut(lower_);
    normalise(stretch);
  }

 private:
  void normalise(std::string_view stretch) {
    utf8proc_uint8_t* out = nullptr;
    constexpr auto options = static_cast<utf8proc_option_t>(
        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    const utf8proc_ssize_t length =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(stretch.data()),
                     static_cast<utf8proc_ssize_t>(stretch.size()), &out, options);
    const std::unique_ptr<utf8proc_uint8_t, Free> owned(out);
    if (length == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc();
    if (length < 0) return;  // cannot be: the stretch was decoded before
    cutter_.cut({reinterpret_cast<const char*>(out), static_cast<std::size_t>(length)});
  }

  Cutter cutter_;
  LexicalSink sink_;
  void* state_;
  std::string lower_;
};

void append_token(void* list, std::string_view token) {
  static_cast<std::vector<std::string>*>(list)->emplace_back(token);
}

}  // namespace

void lexical_tokens(std::string_view text, LexicalUse use, LexicalSink sink, void* state) {
  Stretch stretch(use, sink, state);
  std::size_t begin = 0, at = 0;
  bool ascii = true, plain = true;
  const auto separate = [&](std::size_t bytes) {
    stretch.finish(text.substr(begin, at - begin), ascii, plain);
    at += bytes;
    begin = at;
    ascii = plain = true;
  };
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      if (is_ascii_word(byte)) {
        ++at;
      } else {
        separate(1);
      }
      continue;
    }
    const Decoded next = decode(text, at);
    if (!next.valid || is_cjk_punctuation(next.point)) {
      separate(next.bytes);
      continue;
    }
    ascii = false;
    plain = plain && is_han(next.point);
    at += next.bytes;
  }
  separate(0);
}

std::vector<std::string> lexical_tokens(std::string_view text, LexicalUse use) {
  std::vector<std::string> tokens;
  lexical_tokens(text, use, append_token, &tokens);
  return tokens;
}

}  // namespace v0
}  // namespace lian
