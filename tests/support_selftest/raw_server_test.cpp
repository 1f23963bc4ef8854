#include "support/raw_server.hpp"

#include "support/catch.hpp"
#include "support_selftest/fetch.hpp"

using namespace lian::test;

namespace {

const std::string text = "你好, 世界! 0123456789";

ServerOptions with_tls(Certificate certificate = Certificate::valid) {
  ServerOptions options;
  options.tls = true;
  options.certificate = certificate;
  return options;
}

Fetched fetch_secure(const RawServer& server) {
  FetchOptions options;
  options.ca_file = server.ca_file();
  return fetch(server.url(), options);
}

}  // namespace

TEST_CASE("raw server: records the request and answers with Content-Length") {
  RawServer server({Reply::json(200, text)});
  FetchOptions options;
  options.post = "{\"a\":1}";
  options.headers = {"X-Test: yes"};
  const Fetched fetched = fetch(server.url() + "/path?query=1", options);
  CHECK(fetched.code == CURLE_OK);
  CHECK(fetched.status == 200);
  CHECK(fetched.body == text);
  const Request request = server.requests().at(0);
  CHECK(request.method == "POST");
  CHECK(request.target == "/path?query=1");
  CHECK(request.path() == "/path");
  CHECK(request.header("x-test") == "yes");
  CHECK(request.body == options.post);
  CHECK(server.problems().empty());
}

TEST_CASE("raw server: chunked replies arrive whole in chunks and slices of every size") {
  for (std::size_t size = 1; size <= text.size() + 1; ++size) {
    RawServer server({Reply::http(200, {}, text).chunked(size).slices(size)});
    const Fetched fetched = fetch(server.url());
    CHECK(fetched.code == CURLE_OK);
    CHECK(fetched.body == text);
    CHECK(fetched.head.find("Transfer-Encoding: chunked") != std::string::npos);
  }
}

TEST_CASE("raw server: reads chunked uploads and answers Expect") {
  RawServer server({Reply::json(200, "{}")});
  FetchOptions options;
  options.post = std::string(3 * 1024 * 1024, 'x');
  options.chunked_upload = GENERATE(false, true);
  options.headers = {"Expect: 100-continue"};
  const Fetched fetched = fetch(server.url(), options);
  CHECK(fetched.code == CURLE_OK);
  CHECK(fetched.head.rfind("HTTP/1.1 100 Continue", 0) == 0);
  CHECK(server.requests().at(0).body == options.post);
}

TEST_CASE("raw server: one connection serves several requests") {
  RawServer server(
      [](const Request& request) { return Reply::json(200, std::to_string(request.number)); });
  const auto curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, server.url().c_str());
  curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  for (int count = 0; count < 3; ++count) CHECK(curl_easy_perform(curl) == CURLE_OK);
  CHECK(server.counts().accepted == 1);
  CHECK(server.counts().open == 1);
  curl_easy_cleanup(curl);
  CHECK(server.wait_for_open(0));
  CHECK(server.requests().at(2).connection == 1);
}

TEST_CASE("raw server: a cut body ends by FIN or RST") {
  const Reply whole = Reply::http(200, {}, text);
  SECTION("FIN") {
    RawServer server({Reply(whole).cut_body(5, Ending::close)});
    const Fetched fetched = fetch(server.url());
    CHECK(fetched.code == CURLE_PARTIAL_FILE);
    CHECK(fetched.body == text.substr(0, 5));
  }
  SECTION("RST") {
    RawServer server({Reply(whole).cut_body(5, Ending::reset)});
    CHECK(fetch(server.url()).code == CURLE_RECV_ERROR);
  }
  SECTION("in the head") {
    RawServer server({Reply(whole).cut(10, Ending::close)});
    CHECK(fetch(server.url()).code != CURLE_OK);
  }
  SECTION("before the first byte") {
    RawServer server({Reply::nothing(Ending::close)});
    CHECK(fetch(server.url()).code == CURLE_GOT_NOTHING);
  }
  SECTION("the end of the connection as the end of the body") {
    RawServer server({Reply(whole).until_close()});
    const Fetched fetched = fetch(server.url());
    CHECK(fetched.code == CURLE_OK);
    CHECK(fetched.body == text);
  }
}

TEST_CASE("raw server: a stalled reply stands until it is released") {
  RawServer server({Reply::event_stream(text).cut_body(9, Ending::stall)});
  FetchOptions options;
  bool released = false;
  options.on_body = [&](const std::string&) {
    if (released) return;
    CHECK(server.wait_for_stalled(1));
    server.release_stalled();
    released = true;
  };
  const Fetched fetched = fetch(server.url(), options);
  CHECK(released);
  CHECK(fetched.code == CURLE_OK);
  CHECK(fetched.body == text);
  CHECK(server.counts().stalled == 0);
}

TEST_CASE("raw server: a hold time ends a stall, a client's timeout closes the connection") {
  SECTION("hold") {
    RawServer server({Reply::nothing(Ending::stall).hold(Milliseconds(20))});
    CHECK(fetch(server.url()).code == CURLE_GOT_NOTHING);
  }
  SECTION("timeout") {
    RawServer server({Reply::nothing(Ending::stall)});
    FetchOptions options;
    options.timeout_ms = 50;
    CHECK(fetch(server.url(), options).code == CURLE_OPERATION_TIMEDOUT);
    CHECK(server.wait_for_open(0));
    CHECK(server.counts().stalled == 0);
  }
}

TEST_CASE("raw server: delays and pauses keep the bytes") {
  Reply reply = Reply::events({"one", "two", "three"});
  reply.first_byte_delay(Milliseconds(5)).write_per_chunk(Milliseconds(2));
  RawServer server({reply});
  CHECK(fetch(server.url()).body == "data: one\n\ndata: two\n\ndata: three\n\n");
}

TEST_CASE("raw server: refuses connections in every way") {
  ServerOptions options;
  FetchOptions impatient;
  impatient.timeout_ms = 100;
  SECTION("never accepts") {
    options.accepting = ServerOptions::Accepting::never;
    RawServer server({Reply::json(200, "{}")}, options);
    CHECK(fetch(server.url(), impatient).code == CURLE_OPERATION_TIMEDOUT);
    CHECK(server.counts().accepted == 0);
  }
  SECTION("resets") {
    options.accepting = ServerOptions::Accepting::reset;
    RawServer server({Reply::json(200, "{}")}, options);
    CHECK(fetch(server.url()).code != CURLE_OK);
    CHECK(server.requests().empty());
  }
  SECTION("closes") {
    options.accepting = ServerOptions::Accepting::close;
    RawServer server({Reply::json(200, "{}")}, options);
    CHECK(fetch(server.url()).code != CURLE_OK);
  }
}

TEST_CASE("raw server: a throwing handler and a malformed request are reported") {
  RawServer server([](const Request&) -> Reply { throw std::runtime_error("no such case"); });
  CHECK(fetch(server.url()).status == 500);
  CHECK(server.problems().at(0).find("no such case") != std::string::npos);
}

TEST_CASE("raw server: TLS with the test authority, and certificates that must fail") {
  SECTION("valid") {
    RawServer server({Reply::http(200, {}, text).chunked(3).slices(1)}, with_tls());
    const Fetched fetched = fetch_secure(server);
    CHECK(fetched.code == CURLE_OK);
    CHECK(fetched.body == text);
    CHECK(fetch(server.url()).code == CURLE_PEER_FAILED_VERIFICATION);
  }
  SECTION("invalid") {
    const auto kind =
        GENERATE(Certificate::expired, Certificate::self_signed, Certificate::wrong_host);
    RawServer server({Reply::json(200, "{}")}, with_tls(kind));
    CHECK(fetch_secure(server).code == CURLE_PEER_FAILED_VERIFICATION);
    CHECK(server.requests().empty());
  }
  SECTION("cut without close_notify") {
    RawServer server({Reply::http(200, {}, text).cut_body(5, Ending::truncate)}, with_tls());
    const Fetched fetched = fetch_secure(server);
    CHECK(fetched.code != CURLE_OK);
    CHECK(fetched.body == text.substr(0, 5));
  }
}

TEST_CASE("raw server: many connections at once") {
  RawServer server({Reply::http(200, {}, text).cut_body(4, Ending::stall)});
  const std::vector<std::string> urls(50, server.url());
  FetchOptions options;
  int seen = 0;
  options.on_body = [&](const std::string& body) {
    if (body.size() == 4 && ++seen == 50) server.release_stalled();
  };
  for (const Fetched& fetched : fetch_all(urls, options)) CHECK(fetched.body == text);
  CHECK(server.counts().peak_open == 50);
  CHECK(server.wait_for_open(0));
}
