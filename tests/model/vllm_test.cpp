#include <string>

#include "model/codec_support.hpp"
#include "model/provider.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::read_stream;
using test::reply_of;
using test::wire;

Endpoint endpoint() {
  Endpoint out;
  out.provider = "vllm";
  out.base_url = "http://localhost:8000/v1";
  return out;
}

std::unique_ptr<const ChatCodec> chat() {
  return vllm_provider.chat(ModelPlace(vllm_provider, "m", endpoint()));
}

TEST_CASE("vllm: the request, its extras untouched") {
  Json expected = Json::parse(wire("vllm/request.json"));
  expected.erase("stream_options");  // null: for parsers
  ChatOptions options;
  options.model("meta-llama/Llama-3.1-8B-Instruct").max_tokens(16);
  for (const char* name :
       {"top_k", "min_p", "repetition_penalty", "structured_outputs", "chat_template_kwargs"})
    options.extra(name, expected[name]);
  const HttpRequest http =
      test::encode(*chat(), ChatRequest({user("Say hello")}, options), endpoint());
  CHECK(http.url == "http://localhost:8000/v1/chat/completions");
  CHECK(Json::parse(http.body) == expected);
}

TEST_CASE("vllm: replies, whole and streamed") {
  const AIMessage message = chat()->decode(reply_of(wire("vllm/response.json")));
  CHECK(message.text() == "hello");
  CHECK(std::get<ReasoningPart>(message.parts[0]).text == "Greet.");
  CHECK(message.usage->total_tokens == 14);
  CHECK(chat()->decode(reply_of(wire("vllm/tool_call_response.json"))).tool_calls().size() == 1);
  CHECK(test::check_every_split(*chat(), wire("vllm/stream.sse")).message.text() == "hello");
  CHECK(test::check_every_split(*chat(), wire("vllm/tool_call_stream.sse"))
            .message.tool_calls()
            .size() == 1);
  CHECK_THROWS_AS(read_stream(*chat(), wire("vllm/stream_error.sse")), ApiError);
}

TEST_CASE("vllm: errors of every era") {
  const auto kind = [](std::string body, int status) {
    return chat()->classify(reply_of(std::move(body), status), endpoint()).kind();
  };
  CHECK(kind(wire("vllm/error.json"), 404) == ErrorKind::not_found);
  CHECK(kind(wire("vllm/error_401.json"), 401) == ErrorKind::authentication);
  CHECK(kind(wire("vllm/error_old_flat.json"), 404) == ErrorKind::not_found);
  CHECK(kind(R"({"error":{"message":"This model's maximum context length is 4096 tokens.",)"
             R"("type":"BadRequestError","param":null,"code":400}})",
             400) == ErrorKind::context_length);
  CHECK(kind(R"({"error":{"message":"bad","type":"BadRequestError","param":"top_k","code":400}})",
             400) == ErrorKind::invalid_request);
}

TEST_CASE("vllm: counting tokens") {
  const HttpRequest http =
      chat()->encode_count(ChatRequest({user("Hello")}, ChatOptions().model("m")), endpoint());
  CHECK(http.url == "http://localhost:8000/tokenize");
  CHECK(Json::parse(http.body)["messages"].size() == 1);
  CHECK(chat()->decode_count(reply_of(R"({"count":3,"max_model_len":10,"tokens":[1,2,3]})")) == 3);
}

}  // namespace
}  // namespace lian
