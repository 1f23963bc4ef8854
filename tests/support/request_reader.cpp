#include "support/request_reader.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace lian::test {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::size_t number(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::runtime_error("not a length: \"" + std::string(text) + "\"");
  }
  return value;
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 2);
  return line;
}

}  // namespace

void RequestReader::read_head(std::size_t end) {
  Request request;
  request.head = buffer_.substr(0, end + 4);
  buffer_.erase(0, end + 4);
  std::string_view text(request.head);
  const std::string_view first = take_line(text);
  const std::size_t method_end = first.find(' ');
  const std::size_t target_end = first.rfind(' ');
  if (method_end == std::string_view::npos || target_end == method_end) {
    throw std::runtime_error("not a request line: \"" + std::string(first) + "\"");
  }
  request.method = first.substr(0, method_end);
  request.target = first.substr(method_end + 1, target_end - method_end - 1);
  request.protocol = first.substr(target_end + 1);
  for (std::string_view line = take_line(text); !line.empty(); line = take_line(text)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      throw std::runtime_error("not a header: \"" + std::string(line) + "\"");
    }
    request.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  chunked_ = same_name(request.header("Transfer-Encoding"), "chunked");
  const auto length = find_header(request.headers, "Content-Length");
  if (chunked_ && length) throw std::runtime_error("both chunked and Content-Length");
  body_left_ = length ? number(*length, 10) : 0;
  expects_ = same_name(request.header("Expect"), "100-continue") && (chunked_ || body_left_ > 0);
  current_ = std::move(request);
}

bool RequestReader::take_expectation() {
  const bool asked = expects_ && buffer_.empty();
  expects_ = false;
  return asked;
}

bool RequestReader::read_sized_body() {
  const std::size_t taken = std::min(body_left_, buffer_.size());
  current_->body.append(buffer_, 0, taken);
  buffer_.erase(0, taken);
  body_left_ -= taken;
  return body_left_ == 0;
}

bool RequestReader::read_chunked_body() {
  while (true) {
    const std::size_t line_end = buffer_.find("\r\n");
    if (line_end == std::string::npos) return false;
    const std::string_view line = std::string_view(buffer_).substr(0, line_end);
    const std::size_t size = number(trimmed(line.substr(0, line.find(';'))), 16);
    const std::size_t data = line_end + 2;
    if (buffer_.size() < data + size + 2) return false;
    if (buffer_.compare(data + size, 2, "\r\n") != 0) {
      throw std::runtime_error(size == 0 ? "trailers are not read" : "a chunk of a wrong length");
    }
    current_->body.append(buffer_, data, size);
    buffer_.erase(0, data + size + 2);
    if (size == 0) return true;
  }
}

Request RequestReader::take() {
  Request request = std::move(*current_);
  current_.reset();
  expects_ = false;
  return request;
}

// Only what a client may send: masked, in one frame, without reserved bits.
std::optional<Request> RequestReader::next_frame() {
  const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(buffer_[i]); };
  if (buffer_.size() < 6) return std::nullopt;
  const unsigned kind = byte(0) & 0x0FU;
  const char* name = kind == 1 ? "TEXT" : kind == 8 ? "CLOSE" : kind == 9 ? "PING" : "PONG";
  if ((byte(0) & 0xF0U) != 0x80U || (kind != 1 && (kind < 8 || kind > 10)))
    throw std::runtime_error("not a whole frame of a client");
  if ((byte(1) & 0x80U) == 0) throw std::runtime_error("a frame of a client without a mask");
  std::size_t size = byte(1) & 0x7FU;
  const std::size_t length_bytes = size < 126 ? 0 : size == 126 ? 2 : 8;
  if (buffer_.size() < 6 + length_bytes) return std::nullopt;
  if (length_bytes > 0) size = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) size = size << 8U | byte(2 + i);
  const std::size_t head = 6 + length_bytes;
  if (buffer_.size() < head + size) return std::nullopt;
  Request request;
  request.method = name;
  request.target = target_;
  request.head = buffer_.substr(0, head);
  request.body = buffer_.substr(head, size);
  for (std::size_t i = 0; i < size; ++i)
    request.body[i] = static_cast<char>(request.body[i] ^ request.head[head - 4 + i % 4]);
  buffer_.erase(0, head + size);
  return request;
}

std::optional<Request> RequestReader::next() {
  if (upgraded_) return next_frame();
  if (!current_) {
    const std::size_t end = buffer_.find("\r\n\r\n");
    if (end == std::string::npos) return std::nullopt;
    read_head(end);
  }
  const bool whole = chunked_ ? read_chunked_body() : read_sized_body();
  if (!whole) return std::nullopt;
  return take();
}

}  // namespace lian::test
