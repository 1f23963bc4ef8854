#include "support/http_message.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>

namespace lian::test {
namespace {

std::string hex(std::size_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "%zx", value);
  return text;
}

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

}  // namespace

bool same_name(std::string_view left, std::string_view right) {
  const auto same = [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), same);
}

std::optional<std::string> find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) return value;
  }
  return std::nullopt;
}

std::string Request::header(std::string_view name) const {
  return find_header(headers, name).value_or("");
}

bool Request::has_header(std::string_view name) const {
  return find_header(headers, name).has_value();
}

std::string Request::path() const { return target.substr(0, target.find('?')); }

Reply Reply::raw(std::string bytes) {
  Reply reply;
  reply.framing_ = Framing::raw;
  reply.body_ = std::move(bytes);
  return reply;
}

Reply Reply::http(int status, Headers headers, std::string body) {
  Reply reply;
  reply.status_ = status;
  reply.headers_ = std::move(headers);
  reply.body_ = std::move(body);
  return reply;
}

Reply Reply::json(int status, std::string body) {
  return http(status, {{"Content-Type", "application/json"}}, std::move(body));
}

Reply Reply::event_stream(std::string body) {
  Reply reply = http(200, {{"Content-Type", "text/event-stream; charset=utf-8"}}, std::move(body));
  reply.framing_ = Framing::chunked;
  return reply;
}

Reply Reply::events(const std::vector<std::string>& data) {
  std::string body;
  std::vector<std::size_t> sizes;
  for (const auto& item : data) {
    const std::size_t before = body.size();
    body.append("data: ").append(item).append("\n\n");
    sizes.push_back(body.size() - before);
  }
  Reply reply = event_stream(std::move(body));
  reply.chunk_sizes_ = std::move(sizes);
  return reply;
}

Reply Reply::nothing(Ending ending) {
  Reply reply = raw("");
  reply.ending_ = ending;
  return reply;
}

Reply& Reply::header(std::string name, std::string value) {
  headers_.emplace_back(std::move(name), std::move(value));
  return *this;
}

Reply& Reply::chunked(std::size_t chunk_bytes) {
  framing_ = Framing::chunked;
  chunk_bytes_ = chunk_bytes;
  chunk_sizes_.clear();
  return *this;
}

Reply& Reply::chunk_sizes(std::vector<std::size_t> sizes) {
  framing_ = Framing::chunked;
  chunk_sizes_ = std::move(sizes);
  return *this;
}

Reply& Reply::until_close() {
  framing_ = Framing::until_close;
  ending_ = Ending::close;
  return *this;
}

Reply& Reply::slices(std::size_t bytes, Milliseconds pause) {
  slice_bytes_ = bytes;
  pause_ = pause;
  return *this;
}

Reply& Reply::write_per_chunk(Milliseconds pause) {
  write_per_chunk_ = true;
  pause_ = pause;
  return *this;
}

Reply& Reply::first_byte_delay(Milliseconds delay) {
  first_byte_delay_ = delay;
  return *this;
}

Reply& Reply::cut(std::size_t after_bytes, Ending how) {
  cut_ = after_bytes;
  cut_counts_body_ = false;
  ending_ = how;
  return *this;
}

Reply& Reply::cut_body(std::size_t after_bytes, Ending how) {
  cut_ = after_bytes;
  cut_counts_body_ = true;
  ending_ = how;
  return *this;
}

Reply& Reply::then(Ending how) {
  ending_ = how;
  return *this;
}

Reply& Reply::hold(Milliseconds time) {
  hold_ = time;
  return *this;
}

std::string Reply::head(bool keep_alive) const {
  if (framing_ == Framing::raw) return "";
  std::string text = "HTTP/1.1 " + std::to_string(status_) + " " + std::string(reason(status_));
  text += "\r\n";
  for (const auto& [name, value] : headers_) text += name + ": " + value + "\r\n";
  if (framing_ == Framing::chunked) text += "Transfer-Encoding: chunked\r\n";
  if (framing_ == Framing::length) {
    text += "Content-Length: " + std::to_string(body_.size()) + "\r\n";
  }
  if (!keep_alive && !find_header(headers_, "Connection")) text += "Connection: close\r\n";
  return text + "\r\n";
}

// The sizes of the pieces the body is made of, chunk framing included when `framed`.
std::vector<std::size_t> Reply::write_boundaries(bool framed) const {
  std::vector<std::size_t> sizes;
  const auto add = [&](std::size_t size) {
    const bool in_chunks = framed && framing_ == Framing::chunked;
    sizes.push_back(in_chunks ? hex(size).size() + size + 4 : size);
  };
  std::size_t left = body_.size();
  for (std::size_t size : chunk_sizes_) {
    const std::size_t taken = std::min(size, left);
    if (taken > 0) add(taken);
    left -= taken;
  }
  const std::size_t rest = chunk_bytes_ > 0 ? chunk_bytes_ : left;
  while (left > 0) {
    const std::size_t taken = std::min(rest, left);
    add(taken);
    left -= taken;
  }
  return sizes;
}

std::string Reply::framed_body() const {
  if (framing_ != Framing::chunked) return body_;
  std::string framed;
  std::size_t at = 0;
  for (std::size_t size : write_boundaries(false)) {
    framed.append(hex(size)).append("\r\n").append(body_, at, size).append("\r\n");
    at += size;
  }
  return framed + "0\r\n\r\n";
}

Delivery::Delivery(const Reply& reply, std::size_t head_bytes, std::size_t body_bytes, bool framed)
    : total_(head_bytes + body_bytes),
      stop_(total_),
      slice_bytes_(reply.slice_bytes_),
      pause_(reply.pause_),
      ending_(reply.ending_),
      next_(Clock::now() + reply.first_byte_delay_),
      hold_(reply.hold_) {
  if (reply.cut_) {
    const std::size_t head = reply.cut_counts_body_ ? head_bytes : 0;
    stop_ = std::min(total_, head + *reply.cut_);
  }
  if (stop_ == 0 && hold_.count() > 0) hold_until_ = next_ + hold_;
  if (!reply.write_per_chunk_) return;
  std::size_t end = head_bytes;
  if (head_bytes > 0) boundaries_.push_back(end);
  for (std::size_t size : reply.write_boundaries(framed)) boundaries_.push_back(end += size);
}

std::size_t Delivery::slice_end() const {
  if (!boundaries_.empty()) {
    const auto end = std::upper_bound(boundaries_.begin(), boundaries_.end(), position_);
    return end == boundaries_.end() ? total_ : *end;
  }
  if (slice_bytes_ == 0) return total_;
  return (position_ / slice_bytes_ + 1) * slice_bytes_;
}

std::size_t Delivery::due_bytes(Clock::time_point now) const {
  if (now < next_ || position_ >= stop_) return 0;
  return std::min(slice_end(), stop_) - position_;
}

void Delivery::wrote(std::size_t bytes, Clock::time_point now) {
  const std::size_t end = std::min(slice_end(), stop_);
  position_ += bytes;
  if (position_ == end && position_ < stop_) next_ = now + pause_;
  if (position_ == stop_ && ending_ == Ending::stall && hold_.count() > 0) {
    hold_until_ = now + hold_;
  }
}

Clock::time_point Delivery::due() const {
  if (position_ < stop_ || Clock::now() < next_) return next_;
  return ending_ == Ending::stall ? hold_until_ : next_;
}

bool Delivery::hold_is_over(Clock::time_point now) const { return now >= hold_until_; }

void Delivery::release() {
  if (ending_ != Ending::stall) return;
  ending_ = Ending::keep_alive;
  stop_ = total_;
  hold_until_ = Clock::time_point::max();
}

}  // namespace lian::test
