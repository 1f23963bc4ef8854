// Replies whose header or encoding is odd: read right, or refused; never taken for something else.
#include <zlib.h>

#include "net/http_support.hpp"
#include "support/catch.hpp"
#include "support/raw_server.hpp"

namespace lian {
namespace {

using test::Ending;
using test::exchange;
using test::failure_of;
using test::post;
using test::RawServer;
using test::Reply;
using test::Request;

// zlib's window bits choose the wrapping: 15 zlib's, 31 gzip's, -15 none.
std::string deflated(std::string_view text, int window_bits, int level = Z_BEST_COMPRESSION) {
  z_stream z{};
  deflateInit2(&z, level, Z_DEFLATED, window_bits, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, text.size()) + 32, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

Reply encoded(const std::string& encoding, const std::string& body) {
  return Reply::http(200, {{"Content-Encoding", encoding}}, body);
}

TEST_CASE("http: deflate is read with and without zlib's wrapping, whatever the chunks") {
  Runtime runtime;
  const std::string text = R"({"answer":"deflate, deflate, 压缩"})";
  for (const std::string& plain : {text, std::string(), std::string(200000, 'x'), text + text}) {
    for (const int window_bits : {15, -15, 31}) {
      for (const int level : {Z_NO_COMPRESSION, Z_BEST_SPEED, Z_BEST_COMPRESSION}) {
        INFO(plain.size() << " bytes, window bits " << window_bits << ", level " << level);
        const Reply reply = encoded("Deflate", deflated(plain, window_bits, level));
        RawServer whole({reply});
        CHECK(exchange(runtime, post(whole.url())).body == plain);
        if (plain.size() > 1000) continue;
        RawServer bytes({Reply(reply).slices(1)});
        CHECK(exchange(runtime, post(bytes.url())).body == plain);
      }
    }
  }
}

TEST_CASE("http: a deflate body that is cut or broken is an error") {
  Runtime runtime;
  for (const int window_bits : {15, -15}) {
    const std::string whole = deflated("cut cut cut at every byte", window_bits);
    for (std::size_t at = 1; at < whole.size(); ++at) {
      RawServer server({encoded("deflate", whole.substr(0, at))});
      const Error error = failure_of(runtime, post(server.url()));
      INFO(window_bits << " at " << at << ": " << error.what());
      CHECK((error.kind() == ErrorKind::truncated || error.kind() == ErrorKind::network));
    }
  }
  for (const std::string body : {"plain text", "\xFF\xFF\xFF\xFF", "\x78\x9C garbage"}) {
    RawServer server({encoded("deflate", body)});
    CHECK(failure_of(runtime, post(server.url())).kind() != ErrorKind::config);
  }
  RawServer gzip({encoded("gzip", deflated("no gzip", -15))});
  CHECK(failure_of(runtime, post(gzip.url())).kind() == ErrorKind::network);
}

struct Refused {
  std::string header, what;
};

TEST_CASE("http: a header that leaves open where the reply ends is refused at once") {
  const std::vector<Refused> refused{
      {"Content-Length : 2\r\n", "blank before its colon"},
      {"Content-Length\t: 2\r\n", "blank before its colon"},
      {"Transfer-Encoding : chunked\r\n", "blank before its colon"},
      {"X-Other : a\r\nContent-Length: 2\r\n", "blank before its colon"},
      {"Content-Length: 2\r\ncontent-length: 3\r\n", "two different Content-Length"},
      {"Content-Length: 3\r\nX: y\r\nContent-Length: 2\r\n", "two different Content-Length"},
      {"Content-Length: 2, 3\r\n", "no length"},
      {"Content-Length: 2 3\r\n", "no length"},
      {"Content-Length: 0x2\r\n", "no length"},
      {"Content-Length: +2\r\n", "no length"},
      {"Content-Length: -2\r\n", "Invalid Content-Length"},
      {"Content-Length: 2.0\r\n", "no length"},
      {"Content-Length:\r\n", "Invalid Content-Length"},
      {"Content-Length: 99999999999999999999\r\n", "no length"}};
  Runtime runtime;
  for (const Refused& row : refused) {
    RawServer server(
        {Reply::raw("HTTP/1.1 200 OK\r\n" + row.header + "\r\n{}").then(Ending::stall)});
    const Error error = failure_of(runtime, post(server.url()));
    INFO(row.header << error.what());
    CHECK(error.kind() == ErrorKind::network);
    CHECK_THAT(error.what(), Catch::Contains(row.what) && Catch::Contains("127.0.0.1"));
  }
  for (const std::string header :
       {"Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length:2\r\n",
        "content-length:   2  \r\n", "Content-Length: 2\r\nX-Odd: a : b\r\n"}) {
    RawServer server({Reply::raw("HTTP/1.1 200 OK\r\n" + header + "\r\n{}").then(Ending::stall)});
    INFO(header);
    CHECK(exchange(runtime, post(server.url())).body == "{}");
  }
}

TEST_CASE("http: another protocol is refused, other interim replies are passed over") {
  Runtime runtime;
  for (const Ending ending : {Ending::stall, Ending::close}) {
    RawServer server({Reply::raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\n\r\n\x81\x02hi")
                          .then(ending)});
    const Error error = failure_of(runtime, post(server.url()));
    INFO(error.what());
    CHECK(error.kind() == ErrorKind::network);
    CHECK_THAT(error.what(), Catch::Contains("101 Switching Protocols"));
  }
  RawServer server(
      {Reply::raw("HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\n"
                  "HTTP/1.1 100 Continue\r\n\r\n"
                  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")});
  CHECK(exchange(runtime, post(server.url())).body == "{}");
}

}  // namespace
}  // namespace lian
