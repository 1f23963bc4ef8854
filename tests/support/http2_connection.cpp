#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <map>
#include <optional>
#include <stdexcept>

#include "support/connection.hpp"

namespace lian::test {
namespace {

struct Http2Stream {
  Request request;
  std::optional<Reply> reply;
  std::optional<Delivery> delivery;
  std::string body;
  bool submitted = false;
  bool deferred = false;
  bool stalled = false;
  bool ended = false;  // its ending is decided, nothing more is sent
};

class Http2Connection final : public Connection {
 public:
  Http2Connection(Channel& channel, Answerer& answerer, int number, unsigned max_streams)
      : channel_(channel), answerer_(answerer), number_(number) {
    nghttp2_session_callbacks* callbacks = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) throw std::bad_alloc();
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    const int made = nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    if (made != 0) throw std::bad_alloc();
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, max_streams}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, 1);
  }

  ~Http2Connection() override {
    for (auto& [id, stream] : streams_) leave_stall(stream);
    answerer_.streams(-static_cast<int>(streams_.size()), 0);
    nghttp2_session_del(session_);
  }
  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;

  bool receive(std::string_view bytes) override {
    if (finished_) return true;
    const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
    const auto used = nghttp2_session_mem_recv(session_, data, bytes.size());
    if (used < 0) {
      answerer_.problem(nghttp2_strerror(static_cast<int>(used)));
      return false;
    }
    return advance(Clock::now());
  }

  bool advance(Clock::time_point now) override {
    if (finished_) return true;
    now_ = now;
    wake_streams(now);
    if (!flush()) return false;
    if (blocked_) return true;
    return end_streams(now);
  }

  Clock::time_point due() const override {
    auto earliest = Clock::time_point::max();
    if (blocked_ || finished_) return earliest;
    for (const auto& [id, stream] : streams_) {
      const bool waits = stream.delivery && !stream.ended && (!stream.submitted || stream.deferred);
      if (waits) earliest = std::min(earliest, stream.delivery->due());
    }
    return earliest;
  }

  bool wants_write() const override { return blocked_; }

  void release() override {
    for (auto& [id, stream] : streams_) {
      if (!stream.delivery) continue;
      leave_stall(stream);
      stream.delivery->release();
    }
  }

 private:
  static Http2Connection& self(void* user) { return *static_cast<Http2Connection*>(user); }

  Http2Stream* find(int32_t id) {
    const auto found = streams_.find(id);
    return found == streams_.end() ? nullptr : &found->second;
  }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto& connection = self(user);
    const int32_t id = frame->hd.stream_id;
    auto& request = connection.streams_[id].request;
    request.protocol = "HTTP/2";
    request.connection = connection.number_;
    request.stream = id;
    connection.answerer_.streams(+1, static_cast<int>(connection.streams_.size()));
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                       size_t name_length, const uint8_t* value, size_t value_length, uint8_t,
                       void* user) {
    Http2Stream* stream = self(user).find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    std::string key(reinterpret_cast<const char*>(name), name_length);
    std::string text(reinterpret_cast<const char*>(value), value_length);
    if (key == ":method") {
      stream->request.method = std::move(text);
    } else if (key == ":path") {
      stream->request.target = std::move(text);
    } else if (key[0] != ':') {
      stream->request.headers.emplace_back(std::move(key), std::move(text));
    }
    return 0;
  }

  static int on_data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t length,
                     void* user) {
    Http2Stream* stream = self(user).find(id);
    if (stream != nullptr) {
      stream->request.body.append(reinterpret_cast<const char*>(data), length);
    }
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto& connection = self(user);
    const auto type = frame->hd.type;
    if (type == NGHTTP2_RST_STREAM && connection.find(frame->hd.stream_id) != nullptr) {
      connection.answerer_.stream_cancelled();
    }
    const bool carries_request = type == NGHTTP2_HEADERS || type == NGHTTP2_DATA;
    if (carries_request && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      Http2Stream* stream = connection.find(frame->hd.stream_id);
      if (stream != nullptr) connection.start_reply(*stream);
    }
    return 0;
  }

  static int on_stream_close(nghttp2_session*, int32_t id, uint32_t, void* user) {
    auto& connection = self(user);
    Http2Stream* stream = connection.find(id);
    if (stream == nullptr) return 0;
    connection.leave_stall(*stream);
    if (stream->delivery && stream->delivery->complete()) connection.answerer_.replied();
    connection.streams_.erase(id);
    connection.answerer_.streams(-1, static_cast<int>(connection.streams_.size()));
    return 0;
  }

  void start_reply(Http2Stream& stream) {
    stream.reply = answerer_.answer(stream.request);
    if (stream.reply->is_raw() && stream.reply->ending() == Ending::keep_alive) {
      answerer_.problem("a raw reply cannot be sent over HTTP/2");
      stream.reply->then(Ending::stream_reset);
    }
    if (!stream.reply->is_raw() && stream.request.method != "HEAD") {
      stream.body = stream.reply->body();
    }
    stream.delivery.emplace(*stream.reply, 0, stream.body.size(), false);
  }

  void wake_streams(Clock::time_point now) {
    for (auto& [id, stream] : streams_) {
      if (!stream.delivery || stream.ended) continue;
      if (!stream.submitted) {
        if (stream.delivery->due_bytes(now) > 0 || starts_empty(stream, now)) submit(id, stream);
        continue;
      }
      const bool has_more = stream.delivery->due_bytes(now) > 0 || ends_cleanly(stream);
      if (stream.deferred && has_more) {
        stream.deferred = false;
        nghttp2_session_resume_data(session_, id);
      }
    }
  }

  static bool starts_empty(const Http2Stream& stream, Clock::time_point now) {
    return !stream.reply->is_raw() && stream.delivery->at_stop(now);
  }

  static bool ends_cleanly(const Http2Stream& stream) {
    return stream.delivery->complete() && stream.delivery->ending() == Ending::keep_alive;
  }

  void submit(int32_t id, Http2Stream& stream) {
    Headers headers{{":status", std::to_string(stream.reply->status())}};
    for (auto [name, value] : stream.reply->headers()) {
      if (same_name(name, "connection")) continue;
      for (char& letter : name) letter = static_cast<char>(std::tolower(letter));
      headers.emplace_back(std::move(name), std::move(value));
    }
    std::vector<nghttp2_nv> pairs;
    for (auto& [name, value] : headers) {
      nghttp2_nv pair{};
      pair.name = reinterpret_cast<uint8_t*>(name.data());
      pair.namelen = name.size();
      pair.value = reinterpret_cast<uint8_t*>(value.data());
      pair.valuelen = value.size();
      pairs.push_back(pair);
    }
    nghttp2_data_provider provider{};
    provider.read_callback = read_body;
    nghttp2_submit_response(session_, id, pairs.data(), pairs.size(), &provider);
    stream.submitted = true;
  }

  static ssize_t read_body(nghttp2_session*, int32_t id, uint8_t* buffer, size_t length,
                           uint32_t* flags, nghttp2_data_source*, void* user) {
    auto& connection = self(user);
    Http2Stream* stream = connection.find(id);
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    Delivery& delivery = *stream->delivery;
    const std::size_t count = std::min(length, delivery.due_bytes(connection.now_));
    std::memcpy(buffer, stream->body.data() + delivery.position(), count);
    if (count > 0) delivery.wrote(count, connection.now_);
    if (ends_cleanly(*stream)) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      return static_cast<ssize_t>(count);
    }
    stream->deferred = count == 0;
    if (stream->deferred) return NGHTTP2_ERR_DEFERRED;
    return static_cast<ssize_t>(count);
  }

  bool flush() {
    blocked_ = false;
    while (true) {
      if (out_.empty()) {
        const uint8_t* data = nullptr;
        const auto length = nghttp2_session_mem_send(session_, &data);
        if (length < 0) return false;
        if (length == 0) break;
        out_.assign(reinterpret_cast<const char*>(data), static_cast<std::size_t>(length));
      }
      std::size_t written = 0;
      const auto result = channel_.write(out_, written);
      blocked_ = result == Channel::Result::again;
      if (blocked_) return true;
      if (result == Channel::Result::closed) return false;
      answerer_.sent(written);
      out_.erase(0, written);
    }
    return nghttp2_session_want_read(session_) != 0 || nghttp2_session_want_write(session_) != 0;
  }

  bool end_streams(Clock::time_point now) {
    for (auto& [id, stream] : streams_) {
      if (!stream.delivery || stream.ended || !stream.delivery->at_stop(now)) continue;
      if (ends_cleanly(stream)) continue;
      if (stream.delivery->ending() == Ending::stall) {
        stall(id, stream, now);
        continue;
      }
      stream.ended = true;
      switch (stream.delivery->ending()) {
        case Ending::stream_reset:
          reset_stream(id);
          break;
        case Ending::goaway:
          nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, 0, NGHTTP2_INTERNAL_ERROR, nullptr, 0);
          return flush() && finish(true);
        case Ending::reset:
          channel_.reset();
          return false;
        case Ending::truncate:
          return finish(false);
        default:
          return finish(true);
      }
    }
    return flush();
  }

  void reset_stream(int32_t id) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_INTERNAL_ERROR);
  }

  void stall(int32_t id, Http2Stream& stream, Clock::time_point now) {
    if (!stream.stalled) answerer_.stalled(+1);
    stream.stalled = true;
    if (!stream.delivery->hold_is_over(now)) return;
    leave_stall(stream);
    stream.ended = true;
    reset_stream(id);
  }

  void leave_stall(Http2Stream& stream) {
    if (stream.stalled) answerer_.stalled(-1);
    stream.stalled = false;
  }

  bool finish(bool close_notify) {
    channel_.finish(close_notify);
    finished_ = true;
    return true;
  }

  Channel& channel_;
  Answerer& answerer_;
  int number_;
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Http2Stream> streams_;
  std::string out_;
  Clock::time_point now_;
  bool blocked_ = false;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<Connection> make_http2(Channel& channel, Answerer& answerer, int number,
                                       unsigned max_concurrent_streams) {
  return std::make_unique<Http2Connection>(channel, answerer, number, max_concurrent_streams);
}

}  // namespace lian::test
