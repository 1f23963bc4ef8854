// The recorded streams of tests/data/wire, made long and decoded to message pieces on the way that
// the engine takes: framing, then the codec's decoder. No sockets, no joining of the pieces.

#include <memory>
#include <optional>
#include <utility>

#include <lian/core/error.hpp>
#include <lian/core/http_transport.hpp>
#include <lian/core/runtime.hpp>
#include <lian/model/registry.hpp>

#include "lian_workloads.hpp"
#include "measure.hpp"
#include "model/provider.hpp"
#include "model/provider/vendors.hpp"
#include "model/stream_events.hpp"
#include "net/json_array.hpp"
#include "net/websocket_frames.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

constexpr std::size_t stream_bytes = 10'000'000;
constexpr std::size_t read_bytes = 16384;

using MakeCodec =
    std::unique_ptr<const lian::ChatCodec> (*lian::ProviderRow::*)(const lian::ModelPlace& place);

/// How a short recording becomes long. `deltas`: each event that holds text, reasoning or arguments
/// comes many times in its place, since a stream is hundreds of those between a few others, and
/// what is paid once a stream is measured by the workload `stream`. `streams`: one whole stream
/// after the other, where an event depends on those before it. `deltas_as_sse`: the lines of a file
/// as SSE.
enum class Longer { deltas, deltas_as_sse, streams };

struct Case {
  std::string_view file;  // below tests/data/wire
  const lian::ProviderRow* row;
  std::string_view model;
  std::vector<std::pair<std::string, std::string>> options{};
  MakeCodec make = &lian::ProviderRow::chat;
  Longer longer = Longer::deltas;
};

std::vector<Case> cases() {
  using lian::ProviderRow;
  const std::pair<std::string, std::string> project("project", "p"),
      array("stream_framing", "json_array");
  const MakeCodec text = &ProviderRow::text;
  return {
      {"openai_chat/stream.sse", &lian::openai_provider, "gpt-4o-mini"},
      {"openai_chat/tool_call_stream.sse", &lian::openai_provider, "gpt-4o-mini"},
      {"openai_responses/stream.sse",
       &lian::openai_provider,
       "gpt-4o-mini",
       {{"api", "responses"}}},
      {"openai_responses/tool_call_stream.sse",
       &lian::openai_provider,
       "gpt-4o-mini",
       {{"api", "responses"}}},
      {"openai_misc/completions_stream.sse",
       &lian::openai_provider,
       "gpt-3.5-turbo-instruct",
       {},
       text},
      {"azure_openai/stream.sse",
       &lian::azure_provider,
       "gpt-4o-mini",
       {{"api_version", "2024-10-21"}}},
      {"vllm/stream.sse", &lian::vllm_provider, "m"},
      {"openai_compat_presets/deepseek_stream.sse", &lian::vendor_providers[0],
       "deepseek-reasoner"},
      {"anthropic/stream.sse", &lian::anthropic_provider, "claude-sonnet-4-5"},
      {"anthropic/thinking_stream.sse", &lian::anthropic_provider, "claude-sonnet-4-5"},
      {"anthropic/tool_call_stream.sse", &lian::anthropic_provider, "claude-sonnet-4-5"},
      {"anthropic_text_completions/stream.sse", &lian::anthropic_provider, "claude-2.1", {}, text},
      {"gemini/stream.sse", &lian::gemini_provider, "gemini-2.5-flash"},
      {"gemini/tool_call_stream.sse", &lian::gemini_provider, "gemini-2.5-flash"},
      {"gemini/stream_json_array.json", &lian::gemini_provider, "gemini-2.5-flash", {array}},
      {"vertex_palm/stream.sse", &lian::vertex_provider, "chat-bison@002", {project}},
      {"vertex_palm/text_stream.sse", &lian::vertex_provider, "text-bison@002", {project}, text},
      {"baidu/stream.sse",
       &lian::ernie_provider,
       "ernie-4.0-8k",
       {{"api_version", "v1"}, {"access_token", "t"}}},
      {"baidu/v2_stream.sse", &lian::ernie_provider, "ernie-4.0-8k"},
      {"spark/frames.jsonl", &lian::spark_provider, "v3.5", {{"app_id", "a"}, {"secret_key", "s"}}},
      {"spark/frames.jsonl",
       &lian::spark_provider,
       "v3.5",
       {{"app_id", "a"}, {"secret_key", "s"}},
       &ProviderRow::chat,
       Longer::deltas_as_sse},
      {"spark/stream.sse", &lian::spark_provider, "generalv3.5", {{"transport", "http"}}},
      {"zhipu/v3_stream.sse", &lian::glm_provider, "chatglm_turbo"},
      {"zhipu/stream.sse", &lian::glm_provider, "glm-4-flash"},
      {"zhipu/thinking_stream.sse", &lian::glm_provider, "glm-4-flash"},
      {"qwen/stream.sse", &lian::qwen_provider, "qwen-plus"},
      {"qwen/thinking_stream.sse", &lian::qwen_provider, "qwen-plus"},
      {"qwen/stream_cumulative.sse",
       &lian::qwen_provider,
       "qwen-plus",
       {},
       &ProviderRow::chat,
       Longer::streams},
      {"baichuan/legacy_stream.ndjson",
       &lian::baichuan_provider,
       "Baichuan2-53B",
       {{"secret_key", "s"}}},
      {"baichuan/stream.sse", &lian::baichuan_provider, "Baichuan4"},
      {"ollama/stream.ndjson", &lian::ollama_provider, "llama3.2"},
      {"ollama/thinking_stream.ndjson", &lian::ollama_provider, "llama3.2"},
      {"ollama/generate_stream.ndjson", &lian::ollama_provider, "llama3.2", {}, text},
      {"llamacpp/stream.sse", &lian::llamacpp_provider, "m"},
      {"llamacpp/completion_stream.sse", &lian::llamacpp_provider, "m", {}, text},
  };
}

/// A message as a server's WebSocket frame (RFC 6455), of fewer than 64 KiB.
std::string frame(std::string_view payload) {
  std::string out = "\x81";
  if (payload.size() >= 126) {
    out += '\x7e';
    out += static_cast<char>(payload.size() >> 8U);
  }
  return (out += static_cast<char>(payload.size() & 0xffU)).append(payload);
}

/// What a recorded body is made of, in its framing: events as bytes, and the brackets of an array.
std::vector<std::string> events_of(std::string_view body, lian::Framing framing) {
  std::vector<std::string> events;
  if (framing == lian::Framing::json_array) {
    lian::JsonArrayParser parser;
    parser.feed(body);
    events.emplace_back("[");
    for (std::string_view item; parser.next(item);) events.push_back(std::string(item) + ",");
    events.emplace_back("]");
    return events;
  }
  const std::string_view end = framing == lian::Framing::sse ? "\n\n" : "\n";
  while (!body.empty()) {
    const std::size_t at = body.find(end);
    const std::size_t length = at == body.npos ? body.size() : at + end.size();
    events.emplace_back(body.substr(0, length));
    body.remove_prefix(length);
    if (framing == lian::Framing::websocket) events.back() = frame(events.back());
  }
  return events;
}

/// A codec whose events come as SSE, to compare another framing of the same JSON with.
class AsSse final : public lian::ChatCodec {
 public:
  explicit AsSse(std::unique_ptr<const lian::ChatCodec> codec) : codec_(std::move(codec)) {}
  lian::HttpRequest encode(const lian::ChatRequest& request, const lian::Endpoint& endpoint,
                           std::vector<std::string>& warnings) const override {
    return codec_->encode(request, endpoint, warnings);
  }
  lian::AIMessage decode(const lian::HttpReply& reply) const override {
    return codec_->decode(reply);
  }
  std::unique_ptr<lian::ChatStreamDecoder> decoder(
      const lian::ChatRequest& request) const override {
    return codec_->decoder(request);
  }
  lian::ApiError classify(const lian::HttpReply& reply,
                          const lian::Endpoint& endpoint) const override {
    return codec_->classify(reply, endpoint);
  }

 private:
  std::unique_ptr<const lian::ChatCodec> codec_;
};

std::string lines_as_sse(std::string_view lines) {
  std::string out;
  for (std::string& line : events_of(lines, lian::Framing::ndjson)) out += "data: " + line + "\n";
  return out;
}

/// Reads a body as the engine does, and counts.
class Reading {
 public:
  Reading(const lian::ChatCodec& codec, const lian::ChatRequest& request, lian::Runtime& runtime)
      : events_(codec, lian::HttpLimits()),
        decoder_(codec.decoder(request)),
        is_websocket_(codec.framing() == lian::Framing::websocket) {
    if (is_websocket_) frames_.emplace(runtime, lian::HttpLimits().max_event_bytes());
  }

  void read(std::string_view bytes) {
    if (!is_websocket_) return read_events(bytes);
    frames_->feed(bytes);
    while (frames_->next(message_)) read_events(message_);
  }

  std::size_t events = 0;
  std::size_t deltas = 0;  ///< pieces that hold text, reasoning or arguments
  bool over() const noexcept { return decoder_->complete() || decoder_->finished(); }

 private:
  void read_events(std::string_view bytes) {
    lian::StreamEvent event;
    events_.feed(bytes);
    while (events_.next(event)) {
      ++events;
      for (bool more = decoder_->decode(event, piece_); more; more = decoder_->next(piece_))
        deltas += !piece_.text.empty() || !piece_.reasoning.empty() ||
                  (!piece_.tool_calls.empty() && !piece_.tool_calls[0].arguments.empty());
    }
  }

  lian::StreamEvents events_;
  std::unique_ptr<lian::ChatStreamDecoder> decoder_;
  bool is_websocket_;
  std::optional<lian::WebSocketFrames> frames_;
  std::string message_;
  lian::ChatPiece piece_;
};

struct Measured {
  double bytes = 0, events = 0, deltas = 0, seconds = 0;
};

class Codec {
 public:
  explicit Codec(const Case& which) : case_(which) {
    lian::ModelConfig config;
    config.api_key("key.secret");
    if (which.row->base_url.empty()) config.base_url("https://provider.example");
    for (const auto& [name, value] : which.options) config.option(name, value);
    endpoint_ = lian::endpoint_of(*which.row, which.model, config);
    codec_ = (which.row->*which.make)(lian::ModelPlace(*which.row, which.model, endpoint_));
    if (which.longer == Longer::deltas_as_sse) codec_ = std::make_unique<AsSse>(std::move(codec_));
    if (which.longer == Longer::streams)
      request_.options.extra("incremental_output", lian::Json(false));
  }

  Measured measure(const std::string& recorded) {
    const std::string body = longer(recorded);
    std::vector<double> times;
    Measured out;
    for (int round = 0; round < repetitions; ++round) {
      out = Measured();
      const double start = cpu_seconds();
      while (out.bytes < stream_bytes) {
        Reading reading(*codec_, request_, runtime_);
        for (std::size_t at = 0; at < body.size(); at += read_bytes)
          reading.read(std::string_view(body).substr(at, read_bytes));
        out.bytes += static_cast<double>(body.size());
        out.events += static_cast<double>(reading.events);
        out.deltas += static_cast<double>(reading.deltas);
      }
      times.push_back(cpu_seconds() - start);
    }
    out.seconds = median(times);
    return out;
  }

 private:
  std::string longer(const std::string& recorded) {
    if (case_.longer == Longer::streams) return recorded;
    const bool as_sse = case_.longer == Longer::deltas_as_sse;
    const std::vector<std::string> events =
        events_of(as_sse ? lines_as_sse(recorded) : recorded, codec_->framing());
    std::vector<bool> is_delta;
    std::size_t delta_bytes = 1;
    Reading reading(*codec_, request_, runtime_);
    for (const std::string& event : events) {
      const std::size_t before = reading.deltas;
      reading.read(event);
      is_delta.push_back(reading.deltas > before && !reading.over());
      if (is_delta.back()) delta_bytes += event.size();
    }
    std::string body;
    for (std::size_t i = 0; i < events.size(); ++i) {
      const std::size_t times = is_delta[i] ? 1 + stream_bytes / delta_bytes : 1;
      for (std::size_t k = 0; k < times; ++k) body += events[i];
    }
    return body;
  }

  const Case& case_;
  lian::Runtime runtime_;
  lian::Endpoint endpoint_;
  std::unique_ptr<const lian::ChatCodec> codec_;
  lian::ChatRequest request_;
};

}  // namespace

void run_codecs(const std::string& folder, std::string_view only) {
  for (const Case& which : cases()) {
    if (which.file.find(only) == which.file.npos) continue;
    const std::string path = folder + "/" + std::string(which.file);
    const Measured measured = Codec(which).measure(read_file(path.c_str()));
    const bool as_sse = which.longer == Longer::deltas_as_sse;
    Report report(std::string(which.file) + (as_sse ? " as SSE" : ""), measured.events,
                  measured.seconds);
    report.add("mb_s", measured.bytes / 1e6 / measured.seconds)
        .add("event_bytes", measured.bytes / measured.events)
        .add("deltas", measured.deltas)
        .print();
  }
}

}  // namespace bench
