#include "support/claude_replies.hpp"

#include <numeric>

#include "support/openai_replies.hpp"

namespace lian::test {
namespace {

using nlohmann::json;

std::string joined(const Script& script) {
  return std::accumulate(script.pieces.begin(), script.pieces.end(), std::string());
}

bool refuses(const Script& script) {
  return script.finish == FinishReason::content_filter || !script.refusal.empty();
}

const char* stop_reason(const Script& script) {
  if (script.finish == FinishReason::length) return "max_tokens";
  if (refuses(script)) return "refusal";
  return script.calls.empty() ? "end_turn" : "tool_use";
}

json usage_of(const Script& script) {
  return {{"input_tokens", script.input_tokens - script.cached_tokens},
          {"cache_creation_input_tokens", 0},
          {"cache_read_input_tokens", script.cached_tokens},
          {"output_tokens", script.output_tokens},
          {"output_tokens_details", {{"thinking_tokens", script.reasoning_tokens}}},
          {"service_tier", "standard"}};
}

json envelope(const json& request, int id) {
  return {{"id", "msg_test" + std::to_string(id)},
          {"type", "message"},
          {"role", "assistant"},
          {"model", request["model"]},
          {"content", json::array()},
          {"stop_reason", nullptr},
          {"stop_sequence", nullptr}};
}

json stop_details(const Script& script) {
  if (!refuses(script)) return nullptr;
  return {{"type", "refusal"}, {"category", "cyber"}, {"explanation", script.refusal}};
}

json thinking_block(const Script& script) {
  return {{"type", "thinking"}, {"thinking", script.reasoning}, {"signature", "c2lnbmF0dXJl"}};
}

json call_block(const Script::Call& call, std::size_t index) {
  return {{"type", "tool_use"},
          {"id", "toolu_" + std::to_string(index)},
          {"name", call.name},
          {"input", json::parse(call.arguments)}};
}

// Writes the events of a stream, with the keep-alive pings of the real one.
class EventWriter {
 public:
  void add(json data) {
    body_ += "event: " + data["type"].get<std::string>() + "\ndata: " + data.dump() + "\n\n";
  }

  void block(const json& start, const std::vector<json>& deltas) {
    add({{"type", "content_block_start"}, {"index", index_}, {"content_block", start}});
    add({{"type", "ping"}});
    for (const json& delta : deltas)
      add({{"type", "content_block_delta"}, {"index", index_}, {"delta", delta}});
    add({{"type", "content_block_stop"}, {"index", index_}});
    ++index_;
  }

  const std::string& body() const { return body_; }

 private:
  std::string body_;
  int index_ = 0;
};

void stream_thinking(EventWriter& events, const Script& script) {
  std::vector<json> deltas;
  for (const std::string& piece : pieces_of(script.reasoning))
    deltas.push_back({{"type", "thinking_delta"}, {"thinking", piece}});
  deltas.push_back({{"type", "signature_delta"}, {"signature", "c2lnbmF0dXJl"}});
  events.block({{"type", "thinking"}, {"thinking", ""}, {"signature", ""}}, deltas);
}

void stream_text(EventWriter& events, const Script& script) {
  std::vector<json> deltas;
  for (const std::string& piece : script.pieces)
    deltas.push_back({{"type", "text_delta"}, {"text", piece}});
  events.block({{"type", "text"}, {"text", ""}}, deltas);
}

void stream_call(EventWriter& events, const Script::Call& call, std::size_t index) {
  json start = call_block(call, index);
  start["input"] = json::object();
  std::vector<json> deltas{{{"type", "input_json_delta"}, {"partial_json", ""}}};
  for (const std::string& piece : pieces_of(call.arguments == "{}" ? "" : call.arguments))
    deltas.push_back({{"type", "input_json_delta"}, {"partial_json", piece}});
  events.block(start, deltas);
}

std::string stream_of(const json& request, const Script& script, int id) {
  EventWriter events;
  json message = envelope(request, id);
  message["usage"] = usage_of(script);
  message["usage"]["output_tokens"] = 1;
  message["usage"].erase("output_tokens_details");
  events.add({{"type", "message_start"}, {"message", message}});
  if (!script.reasoning.empty()) stream_thinking(events, script);
  if (!script.pieces.empty()) stream_text(events, script);
  for (std::size_t i = 0; i < script.calls.size(); ++i) stream_call(events, script.calls[i], i);
  json delta{{"stop_reason", stop_reason(script)}, {"stop_sequence", nullptr}};
  if (!stop_details(script).is_null()) delta["stop_details"] = stop_details(script);
  const json usage{{"output_tokens", script.output_tokens},
                   {"output_tokens_details", {{"thinking_tokens", script.reasoning_tokens}}}};
  events.add({{"type", "message_delta"}, {"delta", delta}, {"usage", usage}});
  events.add({{"type", "message_stop"}});
  return events.body();
}

json whole_of(const json& request, const Script& script, int id) {
  json message = envelope(request, id);
  if (!script.reasoning.empty()) message["content"].push_back(thinking_block(script));
  if (!script.pieces.empty())
    message["content"].push_back({{"type", "text"}, {"text", joined(script)}});
  for (std::size_t i = 0; i < script.calls.size(); ++i)
    message["content"].push_back(call_block(script.calls[i], i));
  message["stop_reason"] = stop_reason(script);
  if (!stop_details(script).is_null()) message["stop_details"] = stop_details(script);
  message["usage"] = usage_of(script);
  return message;
}

}  // namespace

Reply claude_message(const json& request, const Script& script, int id) {
  if (request.value("stream", false)) return Reply::event_stream(stream_of(request, script, id));
  return Reply::json(200, whole_of(request, script, id).dump());
}

Reply claude_completion(const json& request, const Script& script, int id) {
  const char* reason = script.finish == FinishReason::length ? "max_tokens" : "stop_sequence";
  json reply{{"type", "completion"},
             {"id", "compl_test" + std::to_string(id)},
             {"model", request["model"]},
             {"completion", joined(script)},
             {"stop_reason", reason}};
  if (!request.value("stream", false)) return Reply::json(200, reply.dump());
  EventWriter events;
  reply["stop_reason"] = nullptr;
  for (const std::string& piece : script.pieces) {
    reply["completion"] = piece;
    events.add(reply);
    events.add({{"type", "ping"}});
  }
  reply["completion"] = "";
  reply["stop_reason"] = reason;
  events.add(reply);
  return Reply::event_stream(events.body());
}

Reply claude_error(int status, const std::string& type, const std::string& message) {
  const json error{{"type", type}, {"message", message}};
  const json body{{"type", "error"}, {"error", error}, {"request_id", "req_test"}};
  return Reply::json(status, body.dump());
}

}  // namespace lian::test
