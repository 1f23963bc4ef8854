// WebSockets over loopback sockets: opened, refused, cut, cancelled.
#include "net/http_support.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "lian/core/context.hpp"
#include "lian/core/when_all.hpp"
#include "net/websocket_handshake.hpp"
#include "support/catch.hpp"
#include "support/raw_server.hpp"
#include "support/ws_wire.hpp"

namespace lian {
namespace {

using std::chrono::milliseconds;
using test::Ending;
using test::RawServer;
using test::Reply;
using test::ws_close;
using test::ws_fragments;
using test::ws_frame;
using test::ws_opening;
using test::WsFrame;
using test::WsKind;

HttpRequest open(const RawServer& server, std::string text = "question") {
  HttpRequest request;
  request.method = "GET";
  request.url = server.url() + "/v1/chat?a=b";
  request.body = std::move(text);
  request.websocket = true;
  return request;
}

// A server that opens and answers the first text by these bytes.
test::RequestHandler answering(std::string bytes) {
  return [bytes](const test::Request& request) {
    if (request.method == "GET") return ws_opening(request);
    return Reply::raw(request.method == "TEXT" ? bytes : "");
  };
}

struct Heard {
  int status = 0;
  std::vector<std::string> messages;
};

Task<void> listen(HttpTransport* transport, HttpRequest request, HttpLimits limits, Heard* heard) {
  Task<HttpResponse> sending = transport->send(std::move(request), limits);
  HttpResponse response = co_await std::move(sending);
  heard->status = response.status;
  while (std::string* message = co_await response.body.next()) heard->messages.push_back(*message);
}

Heard hear(Runtime& runtime, HttpRequest request, HttpLimits limits = {}) {
  Heard heard;
  block_on(listen(&runtime.http(), std::move(request), limits, &heard), runtime);
  return heard;
}

std::optional<ErrorKind> failure(Runtime& runtime, HttpRequest request, HttpLimits limits = {},
                                 Heard* heard = nullptr) {
  Heard own;
  try {
    block_on(listen(&runtime.http(), std::move(request), limits, heard ? heard : &own), runtime);
  } catch (const Error& error) {
    return error.kind();
  }
  return std::nullopt;
}

const std::string two = ws_frame("one") + ws_frame("two") + ws_close();

TEST_CASE("websocket: opened, asked, answered, closed") {
  RawServer server(answering(two));
  Runtime runtime;
  const Heard heard = hear(runtime, open(server));
  CHECK(heard.status == 101);
  CHECK(heard.messages == std::vector<std::string>{"one", "two"});
  CHECK(server.wait_until([](const test::ServerCounts& counts) { return counts.frames == 2; }));
  const auto requests = server.requests();
  CHECK(requests[0].target == "/v1/chat?a=b");
  CHECK(requests[0].header("Host") == "127.0.0.1:" + std::to_string(server.port()));
  CHECK(requests[1].body == "question");
  CHECK(requests[2].method == "CLOSE");
  CHECK(server.problems().empty());
  CHECK(server.wait_for_open(0));
}

TEST_CASE("websocket: the published answer to a key") {
  CHECK(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("websocket: the handshake and the frames in single bytes") {
  RawServer server([](const test::Request& request) {
    if (request.method == "GET") return ws_opening(request).slices(1);
    if (request.method != "TEXT") return Reply::raw("");
    return Reply::raw(ws_fragments("你好 in pieces", 2) + ws_close()).slices(1);
  });
  Runtime runtime;
  CHECK(hear(runtime, open(server)).messages == std::vector<std::string>{"你好 in pieces"});
}

TEST_CASE("websocket: large messages both ways") {
  RawServer server([](const test::Request& request) {
    if (request.method == "GET") return ws_opening(request);
    if (request.method != "TEXT") return Reply::raw("");
    return Reply::raw(ws_frame(request.body) + ws_close());
  });
  Runtime runtime;
  std::string text(std::size_t{6} << 20, 'a');
  for (std::size_t i = 0; i < text.size(); i += 7) text[i] = 'b';
  const Heard heard = hear(runtime, open(server, text));
  REQUIRE(heard.messages.size() == 1);
  CHECK(heard.messages[0] == text);
}

TEST_CASE("websocket: over TLS, trusted by the runtime's authority alone") {
  test::ServerOptions options;
  options.tls = true;
  RawServer server(answering(two), options);
  Runtime trusting(RuntimeOptions().ca_file(server.ca_file()));
  CHECK(hear(trusting, open(server)).messages.size() == 2);
  Runtime doubting;
  CHECK(failure(doubting, open(server)) == ErrorKind::network);
}

TEST_CASE("websocket: a refusal is a reply with its body") {
  for (const Reply& refusal :
       {Reply::json(403, R"({"message":"no"})"), Reply::json(403, R"({"message":"no"})").chunked(3),
        Reply::json(403, R"({"message":"no"})").until_close().then(Ending::close)}) {
    RawServer server(std::vector<Reply>{refusal});
    Runtime runtime;
    const Heard heard = hear(runtime, open(server));
    CHECK(heard.status == 403);
    REQUIRE(heard.messages.size() == 1);
    CHECK(heard.messages[0] == R"({"message":"no"})");
  }
}

TEST_CASE("websocket: what is no opening of a WebSocket") {
  const std::string bare = "HTTP/1.1 101 Switching Protocols\r\n";
  const std::string headers = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
  const std::string wrong = "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n";
  for (const Reply& reply :
       {Reply::raw(bare + headers + wrong), Reply::raw(bare + headers + "\r\n"),
        Reply::raw("nonsense\r\n\r\n"), Reply::json(200, "{}"), Reply::nothing(Ending::close),
        Reply::nothing(Ending::reset), Reply::raw(bare).then(Ending::close)}) {
    RawServer server(std::vector<Reply>{reply});
    Runtime runtime;
    CHECK(failure(runtime, open(server)) == ErrorKind::network);
  }
  RawServer offering([](const test::Request& request) {
    std::string bytes = ws_opening(request).framed_body();
    bytes.insert(bytes.size() - 2, "Sec-WebSocket-Protocol: chat\r\n");
    return Reply::raw(bytes);
  });
  Runtime runtime;
  CHECK(failure(runtime, open(offering)) == ErrorKind::network);
}

TEST_CASE("websocket: an interim reply before the opening is skipped") {
  Runtime runtime;
  std::string bytes = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 403 No\r\nA: b\r\n\r\nrest";
  WebSocketHandshake handshake(runtime, test::post("http://h/p"), 1000);
  REQUIRE(handshake.read_reply(bytes));
  CHECK(handshake.status() == 403);
  CHECK(*handshake.headers().find("a") == "b");
  CHECK(handshake.headers().find("link") == nullptr);
  CHECK(bytes == "rest");
}

TEST_CASE("websocket: ends that are no goodbye") {
  const std::string one = ws_frame("one");
  WsFrame masked;
  masked.masked = true;
  struct Case {
    std::string bytes;
    Ending ending;
  };
  for (const Case& wrong :
       {Case{one, Ending::close}, Case{one, Ending::truncate}, Case{one, Ending::reset},
        Case{one + ws_frame("two").substr(0, 3), Ending::close},
        Case{one + ws_close(1011, "engine failed"), Ending::keep_alive},
        Case{one + ws_frame("two", masked), Ending::keep_alive}}) {
    RawServer server([&](const test::Request& request) {
      if (request.method == "GET") return ws_opening(request);
      return request.method == "TEXT" ? Reply::raw(wrong.bytes).then(wrong.ending) : Reply::raw("");
    });
    Runtime runtime;
    Heard heard;
    CHECK(failure(runtime, open(server), {}, &heard) == ErrorKind::network);
    CHECK(heard.messages.size() <= 1);  // a reset may overtake what came before it
    if (wrong.ending == Ending::keep_alive) CHECK(server.wait_until([](const test::ServerCounts& counts) { return counts.frames == 2; }));  // was told so
    CHECK(server.wait_for_open(0));
  }
}

TEST_CASE("websocket: limits of size and time") {
  RawServer server([](const test::Request& request) {
    if (request.method == "GET") return ws_opening(request);
    return Reply::raw(request.method == "TEXT" ? ws_frame(std::string(5000, 'x')) : "");
  });
  Runtime runtime;
  CHECK(failure(runtime, open(server), HttpLimits().max_event_bytes(4999)) == ErrorKind::limit);
  CHECK(failure(runtime, open(server), HttpLimits().max_body_bytes(4999)) == ErrorKind::limit);
  CHECK(failure(runtime, open(server), HttpLimits().max_header_bytes(50)) == ErrorKind::limit);
  CHECK(failure(runtime, open(server), HttpLimits().idle_timeout(milliseconds(50))) ==
        ErrorKind::timeout);
  RawServer mute(std::vector<Reply>{Reply::nothing(Ending::stall)});
  CHECK(failure(runtime, open(mute), HttpLimits().first_byte_timeout(milliseconds(50))) ==
        ErrorKind::timeout);
  CHECK(server.wait_for_open(0));
  CHECK(mute.wait_for_open(0));
}

TEST_CASE("websocket: a flood of pings is answered and ends nothing") {
  WsFrame ping;
  ping.kind = WsKind::ping;
  std::string flood;
  for (int i = 0; i < 20000; ++i) flood += ws_frame(std::string(100, 'p'), ping);
  RawServer server(answering(flood + two));
  Runtime runtime;
  CHECK(hear(runtime, open(server)).messages.size() == 2);
  CHECK(server.problems().empty());
}

Task<void> first_message(HttpTransport* transport, HttpRequest request, bool say_goodbye) {
  Task<HttpResponse> sending = transport->send(std::move(request), HttpLimits());
  HttpResponse response = co_await std::move(sending);
  std::string* message = co_await response.body.next();
  CHECK(message != nullptr);
  if (say_goodbye) response.complete();
}

TEST_CASE("websocket: a reader that has all it needs says goodbye; one that leaves just goes") {
  for (const bool goodbye : {true, false}) {
    RawServer server(answering(ws_frame("one")));
    Runtime runtime;
    block_on(first_message(&runtime.http(), open(server), goodbye), runtime);
    CHECK(server.wait_for_open(0));
    CHECK((server.requests().back().method == "CLOSE") == goodbye);
  }
}

Task<void> timed(Context context, HttpTransport* transport, HttpRequest request, Heard* heard) {
  context = context.with_timeout(milliseconds(50));
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  Task<void> listening = listen(transport, std::move(request), HttpLimits(), heard);
  co_await std::move(listening);
}

TEST_CASE("websocket: cancelled while it waits, everywhere") {
  RawServer unconnected([](const test::Request&) { return Reply::nothing(Ending::stall); },
                        [] {
                          test::ServerOptions options;
                          options.accepting = test::ServerOptions::Accepting::never;
                          return options;
                        }());
  RawServer unopened(std::vector<Reply>{Reply::nothing(Ending::stall)});
  RawServer unanswered(answering(""));
  RawServer unfinished(answering(ws_frame("one")));
  for (RawServer* server : {&unconnected, &unopened, &unanswered, &unfinished}) {
    Runtime runtime;
    Heard heard;
    const Context context = Context::root().with(runtime);
    CHECK_THROWS_AS(
        block_on(timed(context, &runtime.http(), open(*server), &heard), runtime), Error);
    CHECK(server->wait_for_open(0));
  }
}

Task<void> many(HttpTransport* transport, std::vector<HttpRequest> requests, Heard* heard) {
  std::vector<Task<void>> tasks;
  for (HttpRequest& request : requests)
    tasks.push_back(listen(transport, std::move(request), HttpLimits(), heard));
  auto all = when_all(std::move(tasks));
  co_await std::move(all);
}

TEST_CASE("websocket: the limit of connections holds, and HTTP goes on beside them") {
  RawServer server(answering(two));
  RawServer plain({Reply::json(200, "{}")});
  Runtime runtime(RuntimeOptions().max_connections(2));
  std::vector<HttpRequest> requests;
  for (int i = 0; i < 12; ++i) requests.push_back(open(server));
  Heard heard;
  block_on(many(&runtime.http(), std::move(requests), &heard), runtime);
  CHECK(heard.messages.size() == 24);
  CHECK(server.counts().peak_open <= 3);  // one may not have seen the end of the last
  for (int i = 0; i < 3; ++i) {
    CHECK(test::exchange(runtime, test::post(plain.url())).status == 200);
    CHECK(hear(runtime, open(server)).messages.size() == 2);
  }
}

TEST_CASE("websocket: through a proxy, by a tunnel") {
  RawServer proxy(std::vector<Reply>{Reply::http(407, {}, "")});
  Runtime runtime(RuntimeOptions().proxy(proxy.url()));
  HttpRequest request = open(proxy);
  request.url = "http://spark.invalid/v1/chat";
  CHECK(failure(runtime, std::move(request)) == ErrorKind::network);
  CHECK(proxy.requests().at(0).method == "CONNECT");
  CHECK(proxy.requests().at(0).target == "spark.invalid:80");
}

}  // namespace
}  // namespace lian
