#pragma once
// What a test server receives and what it is told to send back. A Reply holds the answer itself and
// the way its bytes travel, so that a test can say "these bytes, in slices of 7, then a reset".

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lian::test {

using Milliseconds = std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Headers = std::vector<std::pair<std::string, std::string>>;

/// True when two header names are the same, ASCII letters of either case.
bool same_name(std::string_view left, std::string_view right);

/// The first header of that name, or nothing.
std::optional<std::string> find_header(const Headers& headers, std::string_view name);

/// One request as it arrived.
struct Request {
  std::string method;
  std::string target;    ///< path and query, as sent
  std::string protocol;  ///< "HTTP/1.1" or "HTTP/2"
  Headers headers;       ///< in the order sent; HTTP/2 pseudo-headers are left out
  std::string head;      ///< HTTP/1.1 only: the exact bytes up to and with the blank line
  std::string body;      ///< decoded (no chunk framing)
  int number = 0;        ///< 1 for the first request of the server
  int connection = 0;    ///< 1 for the first connection of the server
  int stream = 0;        ///< HTTP/2 stream id, 0 on HTTP/1.1

  /// The first header of that name (any case), or an empty string.
  std::string header(std::string_view name) const;
  bool has_header(std::string_view name) const;
  /// The target without its query.
  std::string path() const;
};

/// What happens to the connection when the last byte to be sent is out.
enum class Ending {
  keep_alive,  ///< wait for the next request
  close,       ///< orderly end: TLS close_notify if there is TLS, then FIN
  truncate,    ///< FIN without TLS close_notify (the same as close on plain TCP)
  reset,       ///< RST
  stall,       ///< stay silent and open until release_stalled(), the hold time or the server's end
  stream_reset,  ///< HTTP/2: RST_STREAM with INTERNAL_ERROR; HTTP/1.1: reset
  goaway,        ///< HTTP/2: GOAWAY that disowns every stream, then FIN; HTTP/1.1: close
};

/// An answer and its delivery. Chained setters; a copy is a value.
class Reply {
 public:
  /// Exactly these bytes (HTTP/1.1 only; over HTTP/2 the stream is reset).
  static Reply raw(std::string bytes);
  /// A well-formed answer with Content-Length.
  static Reply http(int status, Headers headers, std::string body);
  static Reply json(int status, std::string body);
  /// A text/event-stream with this exact body, chunked.
  static Reply event_stream(std::string body);
  /// A text/event-stream of `data:` events, chunked, one HTTP chunk (or DATA frame) an event.
  static Reply events(const std::vector<std::string>& data);
  /// No byte at all, then the given ending.
  static Reply nothing(Ending ending);

  Reply& header(std::string name, std::string value);
  /// Transfer-Encoding: chunked in chunks of that many bytes; 0 sends the body as one chunk.
  Reply& chunked(std::size_t chunk_bytes = 0);
  /// Chunk boundaries (or DATA frame boundaries) given one by one; what is left over is one more.
  Reply& chunk_sizes(std::vector<std::size_t> sizes);
  /// Neither Content-Length nor chunks: the end of the connection ends the body.
  Reply& until_close();
  /// Writes (or DATA frames) of that many bytes, `pause` apart.
  Reply& slices(std::size_t bytes, Milliseconds pause = Milliseconds(0));
  /// One write for each chunk given by chunk_sizes or events, `pause` apart.
  Reply& write_per_chunk(Milliseconds pause = Milliseconds(0));
  Reply& first_byte_delay(Milliseconds delay);
  /// Stops after that many bytes on the wire (of the body over HTTP/2).
  Reply& cut(std::size_t after_bytes, Ending how);
  /// Stops after the head and that many bytes of the framed body.
  Reply& cut_body(std::size_t after_bytes, Ending how);
  /// What follows the whole answer.
  Reply& then(Ending how);
  /// How long a stall lasts before the connection is closed; 0 (the default) has no end.
  Reply& hold(Milliseconds time);

  int status() const { return status_; }
  const Headers& headers() const { return headers_; }
  const std::string& body() const { return body_; }
  bool is_raw() const { return framing_ == Framing::raw; }
  Ending ending() const { return ending_; }

  /// The bytes of the answer over HTTP/1.1: its head, and its body with its framing.
  std::string head(bool keep_alive) const;
  std::string framed_body() const;

 private:
  friend class Delivery;
  enum class Framing { raw, length, chunked, until_close };

  std::vector<std::size_t> write_boundaries(bool framed) const;

  Framing framing_ = Framing::length;
  int status_ = 200;
  Headers headers_;
  std::string body_;
  std::vector<std::size_t> chunk_sizes_;
  std::size_t chunk_bytes_ = 0;
  std::size_t slice_bytes_ = 0;
  bool write_per_chunk_ = false;
  Milliseconds pause_{0};
  Milliseconds first_byte_delay_{0};
  std::optional<std::size_t> cut_;
  bool cut_counts_body_ = false;
  Ending ending_ = Ending::keep_alive;
  Milliseconds hold_{0};
};

/// Decides which bytes of an answer are due: the pace, the cut and the ending, for either protocol.
class Delivery {
 public:
  /// `head_bytes` and `body_bytes` are what will be written in all (head 0 over HTTP/2).
  Delivery(const Reply& reply, std::size_t head_bytes, std::size_t body_bytes, bool framed);

  /// Bytes that may be written now, from position().
  std::size_t due_bytes(Clock::time_point now) const;
  void wrote(std::size_t bytes, Clock::time_point now);
  std::size_t position() const { return position_; }
  bool at_stop(Clock::time_point now) const { return position_ == stop_ && now >= next_; }
  /// True when the answer ends before its last byte.
  bool is_cut() const { return stop_ < total_; }
  bool complete() const { return position_ == total_; }
  Ending ending() const { return ending_; }
  /// When something is due without any event from outside.
  Clock::time_point due() const;
  bool hold_is_over(Clock::time_point now) const;
  /// Ends a stall: the rest of the bytes follows and the connection stays open.
  void release();

 private:
  std::size_t slice_end() const;

  std::size_t total_ = 0;
  std::size_t stop_ = 0;
  std::size_t position_ = 0;
  std::size_t slice_bytes_ = 0;
  std::vector<std::size_t> boundaries_;
  Milliseconds pause_{0};
  Ending ending_ = Ending::keep_alive;
  Clock::time_point next_;
  Clock::time_point hold_until_ = Clock::time_point::max();
  Milliseconds hold_{0};
};

}  // namespace lian::test
