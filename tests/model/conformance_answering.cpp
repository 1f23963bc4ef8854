/// Behaviours of the conformance test: what comes back.

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "model/conformance.hpp"

namespace lian::test {
namespace {

using std::chrono::milliseconds;

template <class Ask>
bool fails_as(SimulatedProvider& provider, ErrorKind kind, Ask ask) {
  if (!provider.fail(kind)) return false;
  try {
    ask();
    FAIL("no error");
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(to_string(error.kind()) == to_string(kind));
  }
  return true;
}

template <ErrorKind kind>
bool error_kind(SimulatedProvider& provider) {
  const ChatModel model = provider.model();
  const bool whole = fails_as(provider, kind, [&] { model.invoke("hi", once()); });
  if (whole) fails_as(provider, kind, [&] { collect_stream(model, "hi"); });
  return whole;
}

bool thinking_read(SimulatedProvider& provider) {
  Script script;
  script.reasoning = "Let me see.";
  provider.answer(script);
  const auto thoughts = [](const AIMessage& message) {
    std::string text;
    for (const Part& part : message.parts)
      if (const auto* thought = std::get_if<ReasoningPart>(&part)) text += thought->text;
    return text;
  };
  const AIMessage whole = provider.model().invoke("hi", once());
  const AIMessage streamed = collect_stream(provider.model(), "hi");
  CHECK(whole.text() == "Hello, world");
  CHECK(streamed.text() == "Hello, world");
  if (thoughts(whole).empty() && thoughts(streamed).empty()) return false;
  CHECK(thoughts(whole) == "Let me see.");
  CHECK(thoughts(streamed) == "Let me see.");
  return true;
}

bool has_usage(const AIMessage& message) {
  if (!message.usage) return false;
  CHECK(message.usage->input_tokens == 11);
  CHECK(message.usage->output_tokens == 7);
  CHECK(message.usage->total_tokens == 18);
  return true;
}

bool usage(SimulatedProvider& provider) { return has_usage(provider.model().invoke("hi", once())); }

bool usage_streamed(SimulatedProvider& provider) {
  return has_usage(collect_stream(provider.model(), "hi"));
}

bool length(SimulatedProvider& provider) {
  Script script;
  script.finish = FinishReason::length;
  provider.answer(script);
  const AIMessage whole = provider.model().invoke("hi", once());
  CHECK(collect_stream(provider.model(), "hi").finish_reason == whole.finish_reason);
  return whole.finish_reason == FinishReason::length;
}

// A filtered reply is a finish reason with some vendors, an error with others.
bool filtered(SimulatedProvider& provider) {
  Script script;
  script.finish = FinishReason::content_filter;
  provider.answer(script);
  try {
    const AIMessage whole = provider.model().invoke("hi", once());
    return whole.finish_reason == FinishReason::content_filter;
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::content_filter);
    return true;
  }
}

bool refusal(SimulatedProvider& provider) {
  Script script;
  script.pieces.clear();
  script.refusal = "I cannot help with that.";
  provider.answer(script);
  const AIMessage reply = provider.model().invoke("hi", once());
  const bool refused = std::any_of(reply.parts.begin(), reply.parts.end(), [](const Part& part) {
    return std::holds_alternative<RefusalPart>(part);
  });
  if (refused) CHECK(reply.finish_reason == FinishReason::content_filter);
  return refused || reply.finish_reason == FinishReason::content_filter;
}

bool empty_reply(SimulatedProvider& provider) {
  Script script;
  script.pieces = {};
  provider.answer(script);
  CHECK(provider.model().invoke("hi", once()).text().empty());
  CHECK(collect_stream(provider.model(), "hi").text().empty());
  return true;
}

bool wrong_key(SimulatedProvider& provider) {
  try {
    provider.model_with_wrong_key().invoke("hi", once());
    FAIL("no error");
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(to_string(error.kind()) == to_string(ErrorKind::authentication));
  }
  return true;
}

bool retried(SimulatedProvider& provider) {
  if (!provider.fail(ErrorKind::overloaded) && !provider.fail(ErrorKind::server)) return false;
  const int before = provider.server().counts().requests;
  CHECK_THROWS_AS(provider.model().invoke("hi", Context::root().with_tries(2)), Error);
  CHECK(provider.server().counts().requests == before + 2);
  return true;
}

bool not_retried(SimulatedProvider& provider) {
  if (!provider.fail(ErrorKind::invalid_request)) return false;
  const int before = provider.server().counts().requests;
  CHECK_THROWS_AS(provider.model().invoke("hi", Context::root().with_tries(3)), Error);
  CHECK(provider.server().counts().requests == before + 1);
  return true;
}

bool cancelled(SimulatedProvider& provider) {
  provider.deliver([](Reply& reply) { reply.cut_body(10, Ending::stall); });
  std::stop_source source;
  auto pieces = provider.model().stream("hi", once().with_stop(source.get_token()));
  source.request_stop();
  try {
    while (pieces.next()) {
    }
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::cancelled);
  }
  return true;
}

bool timed_out(SimulatedProvider& provider) {
  provider.deliver([](Reply& reply) { reply.cut_body(10, Ending::stall); });
  try {
    provider.model().invoke("hi", once().with_timeout(milliseconds(150)));
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::timeout);
  }
  return true;
}

bool embeddings(SimulatedProvider& provider) {
  auto model = provider.embeddings();
  if (!model) return false;
  const std::vector<std::string> texts = {"alpha", "beta", "gamma", "delta", "epsilon"};
  const auto rows = model->embed_documents(texts);
  REQUIRE(rows.size() == texts.size());
  // The same text gives the same row wherever it stands, in whatever batch.
  auto small = provider.embeddings(ModelConfig().batch_size(2));
  CHECK(small->embed_documents(texts) == rows);
  CHECK(rows[0] != rows[1]);
  CHECK(model->embed_query("alpha").size() == rows[0].size());
  return true;
}

}  // namespace

const std::vector<Behaviour>& answering_behaviours() {
  static const std::vector<Behaviour> behaviours = {
      {"thinking, read", &thinking_read},
      {"usage", &usage},
      {"usage of a stream", &usage_streamed},
      {"cut by length", &length},
      {"cut by a filter", &filtered},
      {"refusal", &refusal},
      {"empty reply", &empty_reply},
      {"wrong key", &wrong_key},
      {"error: permission", &error_kind<ErrorKind::permission>},
      {"error: not found", &error_kind<ErrorKind::not_found>},
      {"error: rate limited", &error_kind<ErrorKind::rate_limited>},
      {"error: quota", &error_kind<ErrorKind::quota>},
      {"error: overloaded", &error_kind<ErrorKind::overloaded>},
      {"error: server", &error_kind<ErrorKind::server>},
      {"error: invalid request", &error_kind<ErrorKind::invalid_request>},
      {"error: context length", &error_kind<ErrorKind::context_length>},
      {"error: content filter", &error_kind<ErrorKind::content_filter>},
      {"retried when overloaded", &retried},
      {"not retried when wrong", &not_retried},
      {"cancelled", &cancelled},
      {"timed out", &timed_out},
      {"embeddings, in order", &embeddings},
  };
  return behaviours;
}

}  // namespace lian::test
