#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

/// One dispatched event. The views hold until the parser is used again; `data` has at least 64
/// readable bytes behind its end.
struct SseEvent {
  std::string_view type;  ///< "message" unless the stream names another
  std::string_view data;
  std::string_view id;  ///< the last event id, kept from event to event
  /// With `SseOptions::other_lines`: what the standard ignores of the block, a line each.
  std::string_view other;
};

struct SseOptions {
  std::size_t max_line_bytes = 8U << 20U;    ///< of one line, its end not counted
  std::size_t max_event_bytes = 16U << 20U;  ///< of one event's joined data
  /// Keep what the standard ignores: comments and unknown fields (`meta:` of GLM v3, DashScope's
  /// `:HTTP_STATUS/400`) go with their event. A block without data becomes an event all the same
  /// when it has an `error:` field, as older llama.cpp servers send (type "error", the field as
  /// data), or when it is bare JSON, as Qianfan and Gemini send errors (type "bare", the text as
  /// data).
  bool other_lines = false;
  /// The last block counts although no blank line ends it, and so does one that is followed by the
  /// `id:` or `event:` of another (DashScope, some captures).
  bool lenient_end = false;
};

/// Cuts a byte stream into server-sent events by the rules of the WHATWG HTML standard, section
/// 9.2.6, whatever the chunks. Feed a chunk, then call `next` until it returns false. Time is
/// linear in the bytes; the one buffer is kept only while it holds bytes. Not thread-safe.
class SseParser {
 public:
  explicit SseParser(const SseOptions& options = {}) : options_(options) {}

  /// Takes the next bytes of the stream; ends the views of the last event.
  void feed(std::string_view bytes);
  /// The stream has ended properly. Bare JSON and, with `lenient_end`, the last block then count.
  void end() noexcept { ended_ = true; }
  /// The next whole event. Throws LimitError naming "max_line_bytes" or "max_event_bytes".
  bool next(SseEvent& event);

  /// The last event id and the reconnection time in milliseconds the stream set.
  const std::string& last_id() const noexcept { return last_id_; }
  std::optional<std::uint64_t> retry() const noexcept { return retry_; }
  /// How many invalid UTF-8 sequences have been replaced by U+FFFD so far.
  std::size_t replacements() const noexcept { return replacements_; }
  /// Whether bytes wait that no blank line has made an event yet.
  bool pending() const noexcept { return has_data_ || line_ != end_; }

 private:
  // Finds one character without looking at a byte twice.
  struct Finder {
    char wanted;
    std::size_t found = 0;    // the character's position, when < scanned
    std::size_t scanned = 0;  // up to here the buffer has been looked at
    std::size_t find(const char* buffer, std::size_t from, std::size_t end) noexcept;
    void shift(std::size_t by) noexcept;
  };

  void make_room(std::size_t bytes);
  void release() noexcept;
  bool take_line(std::string_view& line);
  void take_field(std::string_view line);
  void take_other_field(std::string_view name, std::string_view value, std::string_view line);
  void append_data(std::string_view value);
  void keep_other(std::string_view line);
  bool is_bare() const noexcept;
  bool finish(SseEvent& event);
  bool dispatch(SseEvent& event);
  std::string_view repaired(std::string_view text);
  void assign(std::string& out, std::string_view text);

  SseOptions options_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;  // without the padding
  std::size_t line_ = 0;      // start of the first line not yet taken
  std::size_t end_ = 0;
  std::size_t data_ = 0;  // the event's data, joined in place before line_
  std::size_t data_end_ = 0;
  Finder lf_{'\n'};
  Finder cr_{'\r'};
  bool has_data_ = false;
  bool has_error_ = false;
  bool ended_ = false;
  bool first_line_ = true;
  bool after_cr_ = false;  // the last line ended by CR: an LF that follows belongs to it
  std::string type_, event_type_, error_, other_, event_other_, id_, last_id_, repaired_;
  std::optional<std::uint64_t> retry_;
  std::size_t replacements_ = 0;
};

}  // namespace v0
}  // namespace lian
