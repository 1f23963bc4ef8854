#include "support/catch.hpp"
#include "support/raw_server.hpp"
#include "support_selftest/fetch.hpp"

using namespace lian::test;

namespace {

const std::string text = "你好, 世界! 0123456789";

ServerOptions http2(bool tls) {
  ServerOptions options;
  options.http2 = true;
  options.tls = tls;
  return options;
}

FetchOptions client_of(const RawServer& server, bool tls) {
  FetchOptions options;
  options.http2 = true;
  if (tls) options.ca_file = server.ca_file();
  return options;
}

}  // namespace

TEST_CASE("http2 server: answers over TLS by ALPN and in clear by prior knowledge") {
  const bool tls = GENERATE(false, true);
  RawServer server({Reply::json(200, text).slices(3)}, http2(tls));
  FetchOptions options = client_of(server, tls);
  options.post = std::string(200000, 'x');
  const Fetched fetched = fetch(server.url() + "/path", options);
  CHECK(fetched.code == CURLE_OK);
  CHECK(fetched.http_version == CURL_HTTP_VERSION_2_0);
  CHECK(fetched.body == text);
  const Request request = server.requests().at(0);
  CHECK(request.protocol == "HTTP/2");
  CHECK(request.target == "/path");
  CHECK(request.body == options.post);
  CHECK(server.problems().empty());
}

TEST_CASE("http2 server: a client without h2 gets HTTP/1.1") {
  RawServer server({Reply::json(200, text)}, http2(true));
  FetchOptions options = client_of(server, true);
  options.http2 = false;
  const Fetched fetched = fetch(server.url(), options);
  CHECK(fetched.http_version == CURL_HTTP_VERSION_1_1);
  CHECK(fetched.body == text);
}

TEST_CASE("http2 server: streams share one connection") {
  // libcurl 7.88 cannot queue transfers behind a prior-knowledge connection, so this runs over TLS.
  RawServer server({Reply::event_stream(text).cut_body(4, Ending::stall)}, http2(true));
  FetchOptions options = client_of(server, true);
  int seen = 0;
  options.on_body = [&](const std::string& body) {
    if (body.size() == 4 && ++seen == 20) server.release_stalled();
  };
  const std::vector<std::string> urls(20, server.url());
  for (const Fetched& fetched : fetch_all(urls, options)) {
    CHECK(fetched.code == CURLE_OK);
    CHECK(fetched.body == text);
  }
  CHECK(server.counts().accepted == 1);
  CHECK(server.counts().peak_streams == 20);
  CHECK(server.wait_until([](const ServerCounts& counts) { return counts.open_streams == 0; }));
}

TEST_CASE("http2 server: cut by RST_STREAM, GOAWAY and the end of the connection") {
  const auto ending = GENERATE(Ending::stream_reset, Ending::goaway, Ending::close, Ending::reset);
  RawServer server({Reply::event_stream(text).cut_body(5, ending)}, http2(false));
  const Fetched fetched = fetch(server.url(), client_of(server, false));
  CHECK(fetched.code != CURLE_OK);
  CHECK(text.rfind(fetched.body, 0) == 0);
  CHECK(server.counts().replies == 0);
}

TEST_CASE("http2 server: pauses, empty bodies and big bodies") {
  const std::string big(300000, 'y');
  RawServer server(
      [&](const Request& request) {
        if (request.path() == "/big") return Reply::http(200, {}, big);
        if (request.path() == "/empty") return Reply::http(204, {}, "");
        Reply reply = Reply::events({"one", "two"});
        return reply.first_byte_delay(Milliseconds(5)).write_per_chunk(Milliseconds(2));
      },
      http2(false));
  const FetchOptions options = client_of(server, false);
  CHECK(fetch(server.url() + "/big", options).body == big);
  CHECK(fetch(server.url() + "/empty", options).status == 204);
  CHECK(fetch(server.url() + "/events", options).body == "data: one\n\ndata: two\n\n");
}

TEST_CASE("http2 server: a client that gives up is noticed") {
  RawServer server({Reply::nothing(Ending::stall)}, http2(false));
  FetchOptions options = client_of(server, false);
  options.timeout_ms = 50;
  CHECK(fetch(server.url(), options).code == CURLE_OPERATION_TIMEDOUT);
  CHECK(server.wait_for_open(0));
  CHECK(server.counts().stalled == 0);
}
