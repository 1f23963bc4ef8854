#include <optional>
#include <stdexcept>

#include "support/connection.hpp"
#include "support/request_reader.hpp"

namespace lian::test {
namespace {

class Http1Connection final : public Connection {
 public:
  Http1Connection(Channel& channel, Answerer& answerer, int number, bool ignore_expect)
      : channel_(channel), answerer_(answerer), number_(number), ignore_expect_(ignore_expect) {}

  ~Http1Connection() override { leave_stall(); }
  Http1Connection(const Http1Connection&) = delete;
  Http1Connection& operator=(const Http1Connection&) = delete;

  bool receive(std::string_view bytes) override {
    if (finished_) return true;
    reader_.feed(bytes);
    return start_next() && advance(Clock::now());
  }

  bool advance(Clock::time_point now) override {
    blocked_ = false;
    while (delivery_) {
      const std::size_t due = delivery_->due_bytes(now);
      if (due == 0) break;
      const auto piece = std::string_view(wire_).substr(delivery_->position(), due);
      std::size_t written = 0;
      const auto result = channel_.write(piece, written);
      blocked_ = result == Channel::Result::again;
      if (blocked_) return true;
      if (result == Channel::Result::closed) return false;
      answerer_.sent(written);
      delivery_->wrote(written, now);
    }
    if (delivery_ && delivery_->at_stop(now)) return end_reply(now);
    return true;
  }

  Clock::time_point due() const override {
    return delivery_ && !blocked_ ? delivery_->due() : Clock::time_point::max();
  }

  bool wants_write() const override { return blocked_; }

  void release() override {
    if (!delivery_) return;
    leave_stall();
    delivery_->release();
  }

 private:
  bool start_next() {
    if (delivery_) return true;
    try {
      auto request = reader_.next();
      if (!request) {
        if (reader_.take_expectation() && !ignore_expect_) return send_continue();
        return true;
      }
      request->connection = number_;
      start_reply(*request);
      return true;
    } catch (const std::runtime_error& error) {
      answerer_.problem(error.what());
      return false;
    }
  }

  bool send_continue() {
    std::size_t written = 0;
    return channel_.write("HTTP/1.1 100 Continue\r\n\r\n", written) == Channel::Result::ok;
  }

  void start_reply(const Request& request) {
    const Reply reply = answerer_.answer(request);
    keep_alive_ = !same_name(request.header("Connection"), "close");
    const bool stays = keep_alive_ && reply.ending() != Ending::close;
    const std::string head = reply.head(stays);
    const std::string body = request.method == "HEAD" ? "" : reply.framed_body();
    if (reply.is_raw() && body.starts_with("HTTP/1.1 101")) reader_.upgrade(request.target);
    wire_ = head + body;
    delivery_.emplace(reply, head.size(), body.size(), true);
  }

  bool end_reply(Clock::time_point now) {
    const Ending ending = delivery_->ending();
    if (ending == Ending::stall) return stall(now);
    if (delivery_->complete()) answerer_.replied();
    delivery_.reset();
    switch (ending) {
      case Ending::keep_alive:
        if (!keep_alive_) return finish(true);
        return start_next() && (!delivery_ || advance(now));
      case Ending::reset:
      case Ending::stream_reset:
        channel_.reset();
        return false;
      case Ending::truncate:
        return finish(false);
      default:
        return finish(true);
    }
  }

  bool stall(Clock::time_point now) {
    if (!stalled_) answerer_.stalled(+1);
    stalled_ = true;
    if (!delivery_->hold_is_over(now)) return true;
    leave_stall();
    delivery_.reset();
    return finish(true);
  }

  void leave_stall() {
    if (stalled_) answerer_.stalled(-1);
    stalled_ = false;
  }

  // The peer's own end closes the connection; what it still sends is not read as a request.
  bool finish(bool close_notify) {
    channel_.finish(close_notify);
    finished_ = true;
    return true;
  }

  Channel& channel_;
  Answerer& answerer_;
  RequestReader reader_;
  std::optional<Delivery> delivery_;
  std::string wire_;
  int number_;
  bool ignore_expect_;
  bool keep_alive_ = true;
  bool blocked_ = false;
  bool stalled_ = false;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<Connection> make_http1(Channel& channel, Answerer& answerer, int number,
                                       bool ignore_expect) {
  return std::make_unique<Http1Connection>(channel, answerer, number, ignore_expect);
}

}  // namespace lian::test
