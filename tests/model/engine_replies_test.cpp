// Every reply of tests/data/http_responses.jsonl over a real socket: success only where length,
// encoding, JSON and shape all hold.
#include <zlib.h>

#include <map>
#include <set>

#include "model/engine_support.hpp"
#include "support/catch.hpp"
#include "support/corpus.hpp"

namespace lian {
namespace {

using test::Ending;
using test::Outcome;
using test::RawServer;
using test::Reply;
using test::Request;

std::string gzip(std::string_view text) {
  z_stream z{};
  deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, text.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string with_length(std::string headers, const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string generated(const std::string& id) {
  if (id == "hdr-huge")
    return with_length("X-A: " + std::string(120000, 'a') + "\r\n", test::small_json("hi"));
  if (id == "hdr-many") {
    std::string headers;
    for (int i = 0; i < 6000; ++i)
      headers += "X-" + std::to_string(i) + ": " + std::string(90, 'v') + "\r\n";
    return with_length(headers, test::small_json("hi"));
  }
  if (id == "json-deep") return with_length("", std::string(5000, '[') + std::string(5000, ']'));
  if (id == "gzip-bomb")
    return with_length("Content-Encoding: gzip\r\n", gzip(std::string(30000000, '\0')));
  return {};
}

Reply reply_of(const nlohmann::json& row) {
  const std::string id = row["id"];
  Reply reply = Reply::raw(
      row.contains("gen") ? generated(id) : test::from_base64(row["raw_b64"].get<std::string>()));
  if (row["hold_open"]) return reply.then(Ending::stall);
  return reply.then(row["close"] == "rst" ? Ending::reset : Ending::close);
}

// The kinds of error that a row's word allows.
std::set<ErrorKind> kinds_of(const std::string& expect) {
  using K = ErrorKind;
  static const std::map<std::string, std::set<K>> table = {
      {"error:truncated", {K::network, K::truncated}},
      {"error:transport", {K::network, K::truncated, K::limit}},
      {"error:transport-or-malformed", {K::network, K::parse}},
      {"error:malformed", {K::parse}},
      {"error:malformed or U+FFFD", {K::parse}},
      {"error:empty", {K::parse}},
      {"error:too-large", {K::limit}},
      {"error:timeout", {K::timeout}},
  };
  const auto it = table.find(expect);
  return it == table.end() ? std::set<K>() : it->second;
}

TEST_CASE("engine: judges every reply of the corpus right") {
  std::map<std::string, nlohmann::json> rows;
  std::map<std::string, Reply> replies;
  for (auto& row : test::read_jsonl("http_responses.jsonl")) {
    rows[row["id"]] = row;
    replies.emplace(row["id"], reply_of(row));
  }
  RawServer server([&](const Request& request) {
    const std::string path = request.path();
    return replies.at(path.substr(1, path.find('/', 1) - 1));
  });
  Runtime runtime;
  const HttpLimits limits = HttpLimits()
                                .max_body_bytes(std::size_t{1} << 20)
                                .first_byte_timeout(test::milliseconds(300))
                                .idle_timeout(test::milliseconds(300));
  int requests = 0, failures = 0, answers = 0;
  for (const auto& [id, row] : rows) {
    const std::string expect = row["expect"];
    const bool sse = id.starts_with("sse-") && id != "sse-json";
    const ChatModel model =
        test::model_at(server.url() + "/" + id, ModelConfig().limits(limits), "m");
    for (const bool streamed : {false, true}) {
      INFO(id << (streamed ? " streamed" : " whole") << ", expected " << expect);
      const Outcome out = streamed ? test::stream(model, test::once(runtime))
                                   : test::invoke(model, test::once(runtime));
      ++requests;
      runtime.release_idle();  // many of these close behind their reply
      INFO("ended with " << (out.ok ? "an answer" : to_string(*out.kind)) << ": " << out.what);
      CHECK(server.counts().requests == requests);
      (out.ok ? answers : failures) += 1;
      if (sse && !streamed) {  // an event stream is no JSON answer
        CHECK_FALSE(out.ok);
        continue;
      }
      if (out.api) {
        CHECK(out.model == "m");
        CHECK(out.provider == "openai");
        CHECK(out.host == server.url().substr(7));
      }
      if (expect == "ok-or-flag" || expect.starts_with("ok-or-error")) {
        if (out.ok) CHECK(out.message.text() == (sse ? "a" : "hi"));
      } else if (expect.starts_with("ok")) {
        REQUIRE(out.ok);
        CHECK(out.message.text() == (id == "sse-utf8-split" ? "你" : sse ? "a" : "hi"));
        CHECK(out.message.finish_reason == FinishReason::stop);
      } else {
        REQUIRE_FALSE(out.ok);
        if (expect.starts_with("error:http:")) CHECK(out.status == std::stoi(expect.substr(11)));
        if (expect == "error:http" || expect == "error:redirect") CHECK(out.status == 302);
        if (expect == "error:api") CHECK(out.api);
        const std::set<ErrorKind> kinds = kinds_of(expect);
        // A JSON document is asked for as a stream: what is not whole there is truncated too.
        if (!kinds.empty() && !(streamed && !sse && *out.kind == ErrorKind::truncated))
          CHECK(kinds.contains(*out.kind));
      }
    }
  }
  CHECK(server.problems().empty());
  INFO(answers << " answers, " << failures << " errors");
  CHECK(rows.size() == 64);
}

TEST_CASE("engine: a reply whose header is too large is a limit error that names the limit") {
  const std::string body = test::small_json("hi");
  test::Guarded<std::string> lines;
  RawServer server([&](const Request&) {
    return Reply::raw(with_length(lines.get(), body)).then(Ending::close);
  });
  Runtime runtime;
  constexpr std::size_t limit = 4096;
  const ChatModel model =
      test::model_at(server.url(), ModelConfig().limits(HttpLimits().max_header_bytes(limit)));
  const std::size_t bare = with_length("", body).size() - body.size();
  for (const std::size_t size : {limit - 1, limit, limit + 1}) {
    lines.set("X-Pad: " + std::string(size - bare - 9, 'p') + "\r\n");
    REQUIRE(with_length(lines.get(), body).size() - body.size() == size);
    const Outcome out = test::invoke(model, test::once(runtime));
    runtime.release_idle();  // the server closes behind its reply
    INFO(size << ": " << out.what);
    CHECK(out.ok == (size <= limit));
    if (!out.ok) CHECK(out.limit == "max_header_bytes");
  }
  const ChatModel wide =
      test::model_at(server.url(), ModelConfig().limits(HttpLimits().max_header_bytes(1 << 20)));
  lines.set("X-Pad: " + std::string(150000, 'p') + "\r\n");
  CHECK(test::invoke(wide, test::once(runtime)).limit == "max_header_bytes");
}

Reply reply_with(const std::string& type, const std::string& body, bool compressed) {
  test::Headers headers{{"Content-Type", type}};
  if (compressed) headers.emplace_back("Content-Encoding", "gzip");
  return Reply::http(200, headers, compressed ? gzip(body) : body);
}

std::string event_text(const std::vector<std::string>& pieces) {
  std::string text;
  for (const std::string& event : test::small_events(pieces)) text += "data: " + event + "\n\n";
  return text;
}

TEST_CASE("engine: body and event limits hold to the byte, compressed or not") {
  test::Guarded<Reply> reply;
  RawServer server([&](const Request&) { return reply.get(); });
  Runtime runtime;
  constexpr std::size_t limit = 200000, narrow = 1000;
  const ChatModel body_limited =
      test::model_at(server.url(), ModelConfig().limits(HttpLimits().max_body_bytes(limit)));
  const ChatModel event_limited =
      test::model_at(server.url(), ModelConfig().limits(HttpLimits().max_event_bytes(narrow)));
  const std::size_t frame = test::small_json("").size();
  const std::size_t event_frame = 6 + test::small_events({""})[0].size();  // the line's "data: "
  for (const bool gz : {false, true}) {
    for (const int over : {-1, 0, 1}) {
      INFO(over << (gz ? " gzip" : " plain"));
      const std::size_t size = limit + static_cast<std::size_t>(over);
      reply.set(
          reply_with("application/json", test::small_json(std::string(size - frame, 'x')), gz));
      const Outcome body = test::invoke(body_limited, test::once(runtime));
      INFO(body.what);
      CHECK(body.ok == (over <= 0));
      if (!body.ok) CHECK(body.limit == "max_body_bytes");

      const std::size_t line = narrow + static_cast<std::size_t>(over);
      reply.set(
          reply_with("text/event-stream", event_text({std::string(line - event_frame, 'x')}), gz));
      const Outcome event = test::stream(event_limited, test::once(runtime));
      INFO(event.what);
      CHECK(event.ok == (over <= 0));
      if (!event.ok) CHECK(event.limit.starts_with("max_"));
    }
  }
}

TEST_CASE("engine: encodings and fields that a reply may spell in several ways") {
  const std::string body = test::small_json("hi"), packed = gzip(body);
  const std::string half = gzip(body.substr(0, 40)) + gzip(body.substr(40));
  struct Case {
    std::string fields, body;
    bool ok;
  };
  const std::vector<Case> cases = {
      {"Content-Encoding: gzip\r\n", packed, true},
      {"content-encoding: GZIP\r\n", half, true},  // two members are one text
      {"Content-Encoding: gzip\r\n", packed + "garbage", false},
      {"Content-Encoding: gzip\r\n", packed + std::string(1, '\x1f'), false},
      {"Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n", gzip(packed), false},
      {"Content-Encoding: identity\r\nContent-Encoding: gzip\r\n", packed, false},
      {"Content-Encoding: br\r\n", body, false},
      {"Content-Encoding: zstd\r\n", body, false},
      {"Content-Encoding: identity\r\n", body, true},
      {"X-Long: a\r\n Content-Encoding: br\r\n", body, true},  // a folded line is no field
  };
  test::Guarded<Case> now;
  RawServer server([&](const Request&) {
    const Case row = now.get();
    return Reply::raw(with_length(row.fields, row.body));
  });
  Runtime runtime;
  const ChatModel model = test::model_at(server.url());
  for (const Case& row : cases) {
    now.set(row);
    const Outcome out = test::invoke(model, test::once(runtime));
    INFO(row.fields << out.what);
    CHECK(out.ok == row.ok);
    if (out.ok) CHECK(out.message.text() == "hi");
  }
}

TEST_CASE("engine: a compressed stream is decoded as it comes and its missing tail is noticed") {
  const std::string packed = gzip(event_text({"你", "好"}));
  test::Guarded<std::size_t> cut(packed.size());
  RawServer server([&](const Request&) {
    return Reply::http(200, {{"Content-Type", "text/event-stream"}, {"Content-Encoding", "gzip"}},
                       packed.substr(0, cut.get()));
  });
  Runtime runtime;
  const ChatModel model = test::model_at(server.url());
  CHECK(test::stream(model, test::once(runtime)).message.text() == "你好");
  int wrong = 0;
  for (std::size_t at = 0; at < packed.size(); ++at) {
    cut.set(at);
    const Outcome out = test::stream(model, test::once(runtime));
    if (out.ok && out.message.text() != "你好") ++wrong;
  }
  CHECK(wrong == 0);
}

Reply typed(const std::string& type, const std::string& body, bool byte_by_byte) {
  test::Headers headers;
  if (!type.empty()) headers.emplace_back("Content-Type", type);
  const Reply reply = Reply::http(200, headers, body);
  return byte_by_byte ? Reply(reply).slices(1) : reply;
}

const std::vector<std::string> types{"",
                                     "text/plain",
                                     "text/plain; charset=utf-8",
                                     "text/html",
                                     "application/json",
                                     "application/octet-stream",
                                     "text/event-stream"};

TEST_CASE("engine: an error in a reply of status 200 is an API error, whatever its type") {
  const std::string error = R"({"error":{"message":"the quota is used up","code":"slow_down"}})";
  test::Guarded<Reply> reply;
  RawServer server([&](const Request&) { return reply.get(); });
  Runtime runtime;
  const ChatModel model = test::model_at(server.url());
  for (const std::string& type : types) {
    for (const std::string& body : {error, error + "\n", error + "\r\n\r\n", "\n\n " + error}) {
      for (const bool slow : {false, true}) {
        reply.set(typed(type, body, slow));
        for (const bool streamed : {false, true}) {
          const Outcome out = streamed ? test::stream(model, test::once(runtime))
                                       : test::invoke(model, test::once(runtime));
          INFO("'" << type << "' " << body << (streamed ? " streamed: " : " whole: ") << out.what);
          CHECK(out.api);
          CHECK_FALSE(out.truncated);
          CHECK(out.kind == ErrorKind::overloaded);
          CHECK_THAT(out.what, Catch::Contains("the quota is used up"));
        }
      }
    }
  }
}

TEST_CASE("engine: a stream is a stream and a document a document, whatever its type") {
  const std::string events = event_text({"你", "好"});
  test::Guarded<Reply> reply;
  RawServer server([&](const Request&) { return reply.get(); });
  Runtime runtime;
  const ChatModel model = test::model_at(server.url());
  for (const std::string& type : types) {
    for (const bool slow : {false, true}) {
      std::vector<std::string> bodies{events,
                                      ": hello\n\n" + events,
                                      "\r\n\n" + events,
                                      "\xEF\xBB\xBF" + events,
                                      "event: message\n" + events,
                                      "id: 1\nretry: 5\n" + events};
      if (type != "text/event-stream") bodies.push_back("\n " + test::small_json("你好"));
      for (const std::string& body : bodies) {
        reply.set(typed(type, body, slow));
        const Outcome out = test::stream(model, test::once(runtime));
        INFO("'" << type << "' " << body << out.what);
        CHECK(out.message.text() == "你好");
        CHECK(out.ok);
      }
    }
  }
}

TEST_CASE("engine: a redirect is not followed; the error names both places and no key") {
  RawServer target({Reply::json(200, test::small_json("hi"))});
  for (const int status : {301, 302, 303, 307, 308}) {
    const std::string place = target.url() + "/v1?key=" + test::OpenAiServer::key();
    RawServer server({Reply::http(status, {{"Location", place}}, "")});
    Runtime runtime;
    const ChatModel model = test::model_at(server.url());
    for (const bool streamed : {false, true}) {
      const Outcome out = streamed ? test::stream(model, test::once(runtime))
                                   : test::invoke(model, test::once(runtime));
      INFO(out.what);
      CHECK(out.kind == ErrorKind::config);
      CHECK(out.status == status);
      CHECK_THAT(out.what, Catch::Contains("base URL is " + server.url()) &&
                               Catch::Contains(target.url()) &&
                               !Catch::Contains(test::OpenAiServer::key()));
    }
    CHECK(server.counts().requests == 2);
  }
  CHECK(target.counts().accepted == 0);
}

TEST_CASE("engine: a reply without a body is no answer") {
  test::Guarded<Reply> reply;
  RawServer server([&](const Request&) { return reply.get(); });
  Runtime runtime;
  const ChatModel model = test::model_at(server.url());
  for (const std::string& type : types) {
    for (const std::string& body : {std::string(), std::string("\r\n \n")}) {
      reply.set(typed(type, body, false));
      const Outcome whole = test::invoke(model, test::once(runtime));
      const Outcome streamed = test::stream(model, test::once(runtime));
      INFO("'" << type << "' " << whole.what << "\n" << streamed.what);
      CHECK(whole.kind == ErrorKind::parse);
      CHECK((streamed.truncated || streamed.kind == ErrorKind::parse));
    }
  }
  reply.set(Reply::raw("HTTP/1.1 204 No Content\r\n\r\n"));
  CHECK(test::invoke(model, test::once(runtime)).kind == ErrorKind::parse);
  CHECK(test::stream(model, test::once(runtime)).truncated);
}

}  // namespace
}  // namespace lian
