#include <string>
#include <vector>

#include "model/codec_support.hpp"
#include "model/provider.hpp"
#include "model/provider/llamacpp.hpp"
#include "support/catch.hpp"

namespace lian {
namespace {

using test::read_stream;
using test::reply_of;
using test::StreamResult;
using test::wire;

const LlamaCppCompletionCodec completion;

Endpoint endpoint() {
  Endpoint out;
  out.provider = "llamacpp";
  out.base_url = "http://127.0.0.1:8080/v1";
  return out;
}

std::unique_ptr<const ChatCodec> chat() {
  return llamacpp_provider.chat(ModelPlace(llamacpp_provider, "any", endpoint()));
}

Json completion_body(ChatOptions options, std::string prompt = "Roses are") {
  const ChatRequest request({user(std::move(prompt))}, std::move(options));
  return Json::parse(test::encode(completion, request, endpoint()).body);
}

ErrorKind refusal_of(const ChatCodec& codec, const ChatRequest& request) {
  try {
    test::encode(codec, request, endpoint());
  } catch (const Error& error) {
    return error.kind();
  }
  FAIL("no error");
  return {};
}

ErrorKind kind_thrown_by(const ChatCodec& codec, std::string_view bytes) {
  try {
    read_stream(codec, bytes);
  } catch (const Error& error) {
    return error.kind();
  }
  FAIL("no error");
  return {};
}

TEST_CASE("llamacpp chat: samplers by extra, as the fixture has them") {
  const Json expected = Json::parse(wire("llamacpp/request.json"));
  ChatOptions options;
  options.model("any").max_tokens(16).temperature(0.2);
  for (const char* name : {"top_k", "min_p", "cache_prompt", "id_slot", "return_progress",
                           "timings_per_token", "chat_template_kwargs"})
    options.extra(name, expected[name]);
  const HttpRequest http =
      test::encode(*chat(), ChatRequest({user("Say hello")}, options), endpoint());
  CHECK(http.url == "http://127.0.0.1:8080/v1/chat/completions");
  CHECK(Json::parse(http.body) == expected);
  CHECK_FALSE(http.headers.find("authorization"));
  const ToolSpec tool("f", "", Json::object());
  CHECK(refusal_of(*chat(), ChatRequest({user("a")},
                                        ChatOptions().model("m").tools({tool}).tool_choice("f"))) ==
        ErrorKind::unsupported);
}

TEST_CASE("llamacpp chat: replies and streams") {
  const AIMessage message = chat()->decode(reply_of(wire("llamacpp/response.json")));
  CHECK(message.text() == "Hello!");
  CHECK(std::get<ReasoningPart>(message.parts[0]).text == "Greet.");
  CHECK(message.usage->cached_tokens == 20);
  CHECK(message.extra["timings"]["predicted_n"].as_int() == 4);
  const auto calls =
      chat()->decode(reply_of(wire("llamacpp/tool_call_response.json"))).tool_calls();
  REQUIRE(calls.size() == 1);
  CHECK(calls[0].id == "XQyLcE0m");
  const StreamResult streamed = test::check_every_split(*chat(), wire("llamacpp/stream.sse"));
  CHECK(streamed.complete);
  CHECK(streamed.message.text() == "Hello!");
  CHECK(streamed.message.extra["timings"]["cache_n"].as_int() == 20);
  CHECK(test::check_every_split(*chat(), wire("llamacpp/tool_call_stream.sse"))
            .message.tool_calls()
            .size() == 1);
  CHECK(kind_thrown_by(*chat(), wire("llamacpp/stream_error.sse")) == ErrorKind::server);
  CHECK(kind_thrown_by(*chat(), wire("llamacpp/stream_error_old.sse")) == ErrorKind::server);
}

TEST_CASE("llamacpp: errors") {
  const auto kind = [](const char* file, int status) {
    const HttpReply reply = reply_of(wire(file), status);
    const ErrorKind of_chat = chat()->classify(reply, endpoint()).kind();
    CHECK(of_chat == completion.classify(reply, endpoint()).kind());
    return of_chat;
  };
  CHECK(kind("llamacpp/error.json", 401) == ErrorKind::authentication);
  CHECK(kind("llamacpp/error_400_ctx.json", 400) == ErrorKind::context_length);
  CHECK(kind("llamacpp/error_503_loading.json", 503) == ErrorKind::overloaded);
}

TEST_CASE("llamacpp completion: the request as the fixture has it") {
  const Json expected = Json::parse(wire("llamacpp/completion_request.json"));
  CHECK(
      completion_body(
          ChatOptions().max_tokens(8).extra("grammar", expected["grammar"]).extra("n_probs", 0)) ==
      expected);
  const Json full = completion_body(ChatOptions()
                                        .model("m")
                                        .temperature(0)
                                        .top_p(0.9)
                                        .seed(1)
                                        .stop({"\n"})
                                        .logprobs(true)
                                        .top_logprobs(3)
                                        .logit_bias({{"15043", 1}, {" red", -0.5}})
                                        .response_format(ResponseFormat::json_object()));
  CHECK(full == Json::parse(R"({"model":"m","prompt":"Roses are","temperature":0,"top_p":0.9,
      "seed":1,"stop":["\n"],"logit_bias":[[15043,1],[" red",-0.5]],"n_probs":3,
      "json_schema":{"type":"object"},"stream":false})"));
}

TEST_CASE("llamacpp completion: below the server's root, and infill by its extras") {
  const auto url_of = [](const std::string& base, ChatOptions options) {
    Endpoint place = endpoint();
    place.base_url = base;
    return test::encode(completion, ChatRequest({user("p")}, std::move(options)), place).url;
  };
  CHECK(url_of("http://h:8080/v1", ChatOptions()) == "http://h:8080/completion");
  CHECK(url_of("http://h:8080", ChatOptions()) == "http://h:8080/completion");
  CHECK(url_of("http://h/a/v1", ChatOptions()) == "http://h/a/completion");
  const ChatOptions between =
      ChatOptions().extra("input_prefix", "int f(").extra("input_suffix", ") {}");
  CHECK(url_of("http://h/v1", between) == "http://h/infill");
  CHECK(
      completion_body(between, "") ==
      Json::parse(R"({"prompt":"","stream":false,"input_prefix":"int f(","input_suffix":") {}"})"));
  CHECK(refusal_of(completion, ChatRequest({user("")}, ChatOptions())) ==
        ErrorKind::invalid_request);
  CHECK(refusal_of(completion, ChatRequest({user("a"), user("b")}, ChatOptions())) ==
        ErrorKind::invalid_request);
  CHECK(refusal_of(completion, ChatRequest({system("s"), user("b")}, ChatOptions())) ==
        ErrorKind::unsupported);
}

TEST_CASE("llamacpp completion: replies of both eras") {
  const AIMessage message = completion.decode(reply_of(wire("llamacpp/completion_response.json")));
  CHECK(message.text() == " red");
  CHECK(message.finish_reason == FinishReason::stop);
  CHECK(message.raw_finish_reason == "eos");
  CHECK(message.usage->input_tokens == 3);
  CHECK(message.usage->output_tokens == 1);
  CHECK(message.extra["timings"]["predicted_ms"].as_number() == 18.9);
  const auto reason = [](const std::string& rest) {
    return completion.decode(reply_of(R"({"content":"a","stop":true,)" + rest + "}")).finish_reason;
  };
  CHECK(reason(R"("stop_type":"word")") == FinishReason::stop);
  CHECK(reason(R"("stop_type":"limit")") == FinishReason::length);
  CHECK(reason(R"("stop_type":"none")") == FinishReason::other);
  CHECK(reason(R"("stopped_eos":false,"stopped_limit":true,"stopped_word":false)") ==
        FinishReason::length);
  CHECK(reason(R"("stopped_eos":true)") == FinishReason::stop);
  for (const char* body : {"", "{}", "[]", R"({"content":"a"})", R"({"content":"a","stop":false})",
                           R"({"content":"a","stop":true)", R"({"content":"a","stop":true}x)"}) {
    INFO(body);
    CHECK_THROWS_AS(completion.decode(reply_of(body)), ParseError);
  }
  CHECK_THROWS_AS(completion.decode(reply_of(wire("llamacpp/error.json"))), ApiError);
}

TEST_CASE("llamacpp completion: streams") {
  const std::string bytes = wire("llamacpp/completion_stream.sse");
  const StreamResult whole = test::check_every_split(completion, bytes);
  CHECK(whole.complete);
  CHECK(whole.finished);
  CHECK(whole.message.text() == " red");
  CHECK(whole.message.finish_reason == FinishReason::stop);
  CHECK(whole.message.extra["timings"].is_object());
  const std::size_t end = bytes.find_last_not_of("\n") + 1;
  for (const bool clean : {false, true})
    for (const std::size_t length : test::complete_prefixes(completion, bytes, clean))
      CHECK(length > end);
  const std::string first = bytes.substr(0, bytes.find("\n\n") + 2);
  const std::string error = R"({"code":500,"message":"Compute error.","type":"server_error"})";
  CHECK(kind_thrown_by(completion, first + "error: " + error + "\n\n") == ErrorKind::server);
  CHECK(kind_thrown_by(completion, first + "data: {\"error\":" + error + "}\n\n") ==
        ErrorKind::server);
}

TEST_CASE("llamacpp: counting tokens") {
  const HttpRequest text =
      completion.encode_count(ChatRequest({user("Hello")}, ChatOptions()), endpoint());
  CHECK(text.url == "http://127.0.0.1:8080/tokenize");
  CHECK(Json::parse(text.body)["content"] ==
        Json::parse(wire("llamacpp/tokenize_request.json"))["content"]);
  CHECK(completion.decode_count(reply_of(wire("llamacpp/tokenize_response.json"))) == 2);
  CHECK_THROWS_AS(completion.decode_count(reply_of("{}")), ParseError);
  const HttpRequest talk =
      chat()->encode_count(ChatRequest({user("Hello")}, ChatOptions().model("m")), endpoint());
  CHECK(talk.url == "http://127.0.0.1:8080/v1/chat/completions/input_tokens");
  CHECK(chat()->decode_count(reply_of(R"({"input_tokens":12})")) == 12);
  CHECK_THROWS_AS(chat()->decode_count(reply_of(wire("llamacpp/health_ok.json"))), ParseError);
}

TEST_CASE("openai models: the list, with the context length compatible servers add") {
  const auto models = llamacpp_provider.models(ModelPlace(llamacpp_provider, "", endpoint()));
  const HttpRequest request = models->encode(endpoint(), "");
  CHECK(request.method == "GET");
  CHECK(request.url == "http://127.0.0.1:8080/v1/models");
  const auto page = models->decode(reply_of(R"({"object":"list","data":[{"id":"a"},
      {"id":"b","meta":{"n_ctx_train":131072}},{"id":"c","max_model_len":4096}]})"));
  REQUIRE(page.models.size() == 3);
  CHECK(page.models[0].id == "a");
  CHECK(page.models[1].input_tokens == 131072);
  CHECK(page.models[2].input_tokens == 4096);
  CHECK_THROWS_AS(models->decode(reply_of("<html>")), ParseError);
  CHECK_THROWS_AS(models->decode(reply_of(R"({"data":[{}]})")), ParseError);
  CHECK_THROWS_AS(models->decode(reply_of(wire("llamacpp/error_503_loading.json"))), ApiError);
}

}  // namespace
}  // namespace lian
