#include "net/inflate.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <zlib.h>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

struct Inflate::Stream {
  explicit Stream(int window_bits) {
    if (inflateInit2(&z, window_bits) != Z_OK)
      throw Error(ErrorKind::network, "zlib could not be started: out of memory");
  }
  ~Stream() { inflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  z_stream z{};
  bool ended = false, any = false, may_be_raw = false;
};

namespace {
constexpr int detect_gzip_or_zlib = 15 + 32, raw_deflate = -15;
constexpr std::size_t slice = std::size_t{64} << 10;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// "deflate" is zlib's format (RFC 9110, section 8.4.1.2), but many servers send the bare blocks.
bool begins_raw(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  return (first & 0x0F) != 8 && first != 0x1F;  // neither zlib's method nor gzip's magic number
}
}  // namespace

Inflate::Inflate(std::string_view encoding) {
  const std::string name = lower(encoding);
  if (name.empty() || name == "identity") return;
  if (name != "gzip" && name != "x-gzip" && name != "deflate")
    throw Error(ErrorKind::network,
                fmt::format("the reply has the content encoding '{}', which lian did not ask for",
                            encoding.substr(0, 100)));
  stream_ = std::make_unique<Stream>(detect_gzip_or_zlib);
  stream_->may_be_raw = name == "deflate";
}

Inflate::Inflate(Inflate&&) noexcept = default;
Inflate::~Inflate() = default;

void Inflate::feed(std::string_view bytes, std::string& out, std::size_t room) {
  z_stream& z = stream_->z;
  if (bytes.empty()) return;
  stream_->any = true;
  if (std::exchange(stream_->may_be_raw, false) && begins_raw(bytes))
    inflateReset2(&z, raw_deflate);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  const std::size_t before = out.size();
  while (z.avail_in > 0) {
    if (std::exchange(stream_->ended, false)) inflateReset(&z);  // gzip may have several members
    const std::size_t at = out.size();
    out.resize(at + slice);
    z.next_out = reinterpret_cast<Bytef*>(out.data() + at);
    z.avail_out = static_cast<uInt>(slice);
    const int status = inflate(&z, Z_NO_FLUSH);
    out.resize(at + slice - z.avail_out);
    if (out.size() - before > room) throw_body_too_large(room);
    if (status == Z_STREAM_END) {
      stream_->ended = true;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      throw Error(ErrorKind::network, fmt::format("the compressed reply is broken: {}",
                                                  z.msg ? z.msg : "invalid data"));
    }
  }
}

void Inflate::check_end() const {
  if (stream_ && stream_->any && !stream_->ended)
    throw Error(ErrorKind::truncated, "the compressed reply ends before its last block");
}

void throw_body_too_large(std::size_t limit) {
  throw LimitError(fmt::format("the reply's body is larger than max_body_bytes = {}", limit),
                   "max_body_bytes", limit);
}

}  // namespace v0
}  // namespace lian
