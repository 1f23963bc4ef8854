// A reply cut at every byte is never taken for an answer.
#include <array>

#include "model/engine_support.hpp"
#include "support/catch.hpp"
#include "support/data.hpp"

namespace lian {
namespace {

using test::Ending;
using test::Outcome;
using test::RawServer;
using test::Reply;
using test::Request;

enum class Framing { length, chunked, until_close };
constexpr std::array framings = {Framing::length, Framing::chunked, Framing::until_close};

Reply framed(const std::string& type, const std::string& body, Framing framing) {
  Reply reply = Reply::http(200, {{"Content-Type", type}}, body);
  if (framing == Framing::chunked) reply.chunked();
  if (framing == Framing::until_close) reply.until_close();
  return reply;
}

std::string composed() {
  std::string body = ": hello\n\n";
  for (const std::string& event : test::small_events({"a", "链", "👩‍🚀 ", "c\\n"}))
    body += "data: " + event + "\n\n";
  return body;
}

// Where the terminal sign's last byte is, blank line included; a CR ends a line already.
std::size_t end_of_done(const std::string& wire) {
  const std::size_t done = wire.find("[DONE]");
  const std::size_t crlf = wire.find("\r\n\r\n", done), lf = wire.find("\n\n", done);
  return crlf < lf ? crlf + 3 : lf + 2;
}

struct Sweep {
  int cuts = 0, wrong = 0, untyped_partial = 0;
};

// Cuts the stream after every byte of the wire.
void sweep(Sweep& result, RawServer& server, test::Guarded<Reply>& next, Runtime& runtime,
           const Reply& whole, Ending how) {
  const std::string wire = whole.head(how != Ending::close) + whole.framed_body();
  const ChatModel model = test::model_at(server.url());
  next.set(whole);
  const Outcome full = test::stream(model, test::once(runtime));
  INFO(full.what);
  REQUIRE(full.ok);
  const std::string text = full.message.text();
  const std::size_t end = end_of_done(wire);
  for (std::size_t at = 0; at <= wire.size(); ++at) {
    next.set(Reply(whole).cut(at, how));
    const Outcome out = test::stream(model, test::once(runtime));
    ++result.cuts;
    const bool answer = out.ok && out.message == full.message;
    const bool may = at >= end, must = at >= end && how == Ending::close;
    if ((out.ok && !(may && answer)) || (must && !out.ok)) {
      ++result.wrong;
      FAIL_CHECK("cut at " << at << " of " << wire.size() << ": "
                           << (out.ok ? "an answer" : out.what));
    }
    if (out.ok) continue;
    const std::string got = out.message.text();
    const bool kept = out.truncated ? out.kept == got : got.empty();
    if (!text.starts_with(got) || !kept) ++result.untyped_partial;
  }
  runtime.release_idle();  // the last connection was reset behind a whole reply
}

TEST_CASE("engine: a stream cut at any byte is truncated, with what came of it") {
  test::Guarded<Reply> next;
  RawServer server([&](const Request&) { return next.get(); });
  Runtime runtime;
  Sweep result;
  for (const Framing framing : framings)
    for (const Ending how : {Ending::close, Ending::reset})
      sweep(result, server, next, runtime, framed("text/event-stream", composed(), framing), how);
  for (const char* file : {"openai_chat/stream.sse", "openai_chat/stream_crlf_comments.sse",
                           "openai_chat/tool_call_stream.sse", "llamacpp/tool_call_stream.sse"}) {
    INFO(file);
    const std::string body = test::read_data("wire/" + std::string(file));
    sweep(result, server, next, runtime, framed("text/event-stream", body, Framing::chunked),
          Ending::close);
  }
  INFO(result.cuts << " cuts");
  CHECK(result.cuts > 8000);
  CHECK(result.wrong == 0);
  CHECK(result.untyped_partial == 0);
}

TEST_CASE("engine: a whole reply cut at any byte is never an answer") {
  test::Guarded<Reply> next;
  RawServer server([&](const Request&) { return next.get(); });
  Runtime runtime;
  const ChatModel model = test::model_at(server.url());
  int cuts = 0, wrong = 0;
  for (const Framing framing : framings) {
    const Reply whole = framed("application/json", test::small_json("好 and more"), framing);
    for (const Ending how : {Ending::close, Ending::reset}) {
      const std::size_t size = whole.head(how != Ending::close).size() + whole.framed_body().size();
      // libcurl takes the last chunk as whole without its very last LF.
      const std::size_t whole_at = framing == Framing::chunked ? size - 1 : size;
      for (std::size_t at = 0; at <= size; ++at) {
        next.set(Reply(whole).cut(at, how));
        const Outcome out = test::invoke(model, test::once(runtime));
        ++cuts;
        INFO("cut at " << at << " of " << size << ", framing " << static_cast<int>(framing)
                       << (how == Ending::reset ? ", reset: " : ": ") << out.what);
        const bool right = out.ok ? at >= whole_at && out.message.text() == "好 and more"
                                  : at < size || how == Ending::reset;
        CHECK(right);
        if (!right) ++wrong;
      }
      runtime.release_idle();
    }
  }
  INFO(cuts << " cuts");
  CHECK(wrong == 0);
}

TEST_CASE("engine: one-byte writes give the same answer") {
  test::Guarded<Reply> next;
  RawServer server([&](const Request&) { return next.get(); });
  Runtime runtime;
  const ChatModel model = test::model_at(server.url());
  for (const Framing framing : framings) {
    const Reply whole = framed("text/event-stream", composed(), framing);
    next.set(whole);
    const Outcome full = test::stream(model, test::once(runtime));
    next.set(Reply(whole).slices(1));
    const Outcome bytes = test::stream(model, test::once(runtime));
    INFO(bytes.what);
    REQUIRE(full.ok);
    REQUIRE(bytes.ok);
    CHECK(full.message.text() == "a链👩‍🚀 c\n");
    CHECK(bytes.message == full.message);
    next.set(framed("application/json", test::small_json("好"), framing).slices(1));
    CHECK(test::invoke(model, test::once(runtime)).message.text() == "好");
  }
}

TEST_CASE("engine: an error inside a stream says model and host and hides no text") {
  test::OpenAiServer provider;
  Runtime runtime;
  for (const char* name : {"stream-error", "stream-cut", "stream-no-done"}) {
    const Outcome out =
        test::stream(test::model_at(provider.url(), ModelConfig(), name), test::once(runtime));
    INFO(name << ": " << out.what);
    REQUIRE_FALSE(out.ok);
    CHECK(out.api);
    CHECK(out.model == name);
    CHECK(out.provider == "openai");
    CHECK(out.host == "127.0.0.1:" + std::to_string(provider.server().port()));
    CHECK_FALSE(out.message.text().empty());
    CHECK(out.truncated == (std::string_view(name) != "stream-error"));
    if (out.truncated) CHECK(out.kept == out.message.text());
  }
}

TEST_CASE("engine: after [DONE] the call returns though the socket stays open") {
  const std::string body = composed();
  RawServer server([&](const Request&) {
    Reply reply = framed("text/event-stream", body, Framing::chunked);
    return reply.cut(reply.head(true).size() + reply.framed_body().size() - 5, Ending::stall);
  });
  Runtime runtime;
  const ChatModel model = test::model_at(server.url());
  const double ms = test::quickest(100 * test::slowness, [&] {
    const Outcome out = test::stream(model, test::once(runtime));
    CHECK(out.ok);
    return out.ms;
  });
  CHECK(ms < 100 * test::slowness);
  // The last connection is closed within a second of the loop's time.
  block_on(
      [](ChatModel asked, Context context) -> Task<void> {
        Stream<ChatPiece> pieces = asked.astream("hi", context);
        while (co_await pieces.next()) {
        }
        co_await sleep(std::chrono::milliseconds(1100));
      }(model, test::once(runtime)),
      runtime);
  CHECK(server.wait_for_open(0));
}

TEST_CASE("engine: a stream whose last chunk comes late keeps its connection") {
  RawServer server([](const Request&) {
    return Reply::events(test::small_events({"a", "b"}))
        .write_per_chunk(std::chrono::milliseconds(5));
  });
  Runtime runtime;
  const ChatModel model = test::model_at(server.url());
  for (int i = 0; i < 5; ++i) {
    const Outcome out = test::stream(model, test::once(runtime));
    CHECK(out.ok);
    CHECK(server.wait_until([i](const auto& counts) { return counts.replies == i + 1; }));
  }
  CHECK(server.counts().accepted == 1);
}

}  // namespace
}  // namespace lian
