#include "support/openai_replies.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>

#include "support/corpus.hpp"

namespace lian::test {
namespace {

using nlohmann::json;

constexpr long created = 1741570283;

std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

json usage_of(const json& request, const Answer& answer) {
  const std::size_t prompt = request["messages"].dump().size() / 4 + 1;
  const std::size_t completion = answer.pieces.size() + answer.calls.size();
  return {{"prompt_tokens", prompt},
          {"completion_tokens", completion},
          {"total_tokens", prompt + completion},
          {"prompt_tokens_details", {{"cached_tokens", 0}, {"audio_tokens", 0}}},
          {"completion_tokens_details", {{"reasoning_tokens", 0}, {"audio_tokens", 0}}}};
}

json envelope(const json& request, int id, const char* object) {
  return {{"id", "chatcmpl-test" + std::to_string(id)},
          {"object", object},
          {"created", created},
          {"model", request["model"]},
          {"service_tier", "default"},
          {"system_fingerprint", "fp_44709d6fcb"}};
}

int choices_of(const json& request) { return request.value("n", 1); }

// The answers of n > 1 differ, so that a mix-up of choices shows.
std::string suffix(int choice) { return choice == 0 ? "" : " #" + std::to_string(choice); }

std::string call_id(int id, std::size_t call) {
  return "call_" + std::to_string(id) + "_" + std::to_string(call);
}

std::string joined(const Answer& answer) {
  return std::accumulate(answer.pieces.begin(), answer.pieces.end(), std::string());
}

json message_of(const Answer& answer, int id, int choice) {
  json message{{"role", "assistant"}, {"content", nullptr}, {"refusal", nullptr}};
  if (!answer.refusal.empty()) message["refusal"] = answer.refusal;
  if (!answer.pieces.empty()) message["content"] = joined(answer) + suffix(choice);
  for (std::size_t index = 0; index < answer.calls.size(); ++index) {
    const ScriptedCall& call = answer.calls[index];
    const json function{{"name", call.name}, {"arguments", call.arguments}};
    message["tool_calls"].push_back(
        {{"id", call_id(id, index)}, {"type", "function"}, {"function", function}});
  }
  return message;
}

// The deltas of one choice, in order, without the role and the finish.
std::vector<json> deltas_of(const Answer& answer, int id, int choice) {
  std::vector<json> deltas;
  for (const auto& piece : answer.pieces) deltas.push_back({{"content", piece}});
  if (!answer.pieces.empty() && choice > 0) deltas.push_back({{"content", suffix(choice)}});
  if (!answer.refusal.empty()) deltas.push_back({{"refusal", answer.refusal}});
  for (std::size_t index = 0; index < answer.calls.size(); ++index) {
    const ScriptedCall& call = answer.calls[index];
    const json start{{"index", index},
                     {"id", call_id(id, index)},
                     {"type", "function"},
                     {"function", {{"name", call.name}, {"arguments", ""}}}};
    deltas.push_back({{"tool_calls", json::array({start})}});
    for (const auto& piece : pieces_of(call.arguments)) {
      const json more{{"index", index}, {"function", {{"arguments", piece}}}};
      deltas.push_back({{"tool_calls", json::array({more})}});
    }
  }
  return deltas;
}

json embedding_value(std::string_view text, std::size_t dimensions, bool base64) {
  const std::vector<float> vector = embed(text, dimensions);
  if (!base64) return vector;
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(vector.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), vector.data(), bytes.size());
  return to_base64(bytes);
}

}  // namespace

std::vector<std::string> pieces_of(std::string_view text) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    std::size_t size = 0;
    for (int count = 0; count < 2 && size < text.size(); ++count) {
      size += sequence_length(static_cast<unsigned char>(text[size]));
    }
    pieces.emplace_back(text.substr(0, size));
    text.remove_prefix(pieces.back().size());
  }
  return pieces;
}

std::vector<std::string> chat_events(const json& request, const Answer& answer, int id) {
  const json stream_options = request.value("stream_options", json::object());
  const bool usage = stream_options.value("include_usage", false);
  std::vector<std::string> events;
  const auto emit = [&](const json& choices, const json& used) {
    json chunk = envelope(request, id, "chat.completion.chunk");
    chunk["choices"] = choices;
    if (usage) chunk["usage"] = used;
    events.push_back(chunk.dump());
  };
  const auto emit_delta = [&](int choice, const json& delta, const json& finish) {
    const json one{
        {"index", choice}, {"delta", delta}, {"logprobs", nullptr}, {"finish_reason", finish}};
    emit(json::array({one}), nullptr);
  };
  const int choices = choices_of(request);
  std::vector<std::vector<json>> deltas;
  std::size_t longest = 0;
  for (int choice = 0; choice < choices; ++choice) {
    deltas.push_back(deltas_of(answer, id, choice));
    longest = std::max(longest, deltas.back().size());
    const json content = answer.pieces.empty() ? json(nullptr) : json("");
    emit_delta(choice, {{"role", "assistant"}, {"content", content}, {"refusal", nullptr}},
               nullptr);
  }
  for (std::size_t step = 0; step < longest; ++step) {
    for (int choice = 0; choice < choices; ++choice) {
      const auto& own = deltas[static_cast<std::size_t>(choice)];
      if (step < own.size()) emit_delta(choice, own[step], nullptr);
    }
  }
  for (int choice = 0; choice < choices; ++choice) {
    emit_delta(choice, json::object(), answer.finish_reason);
  }
  if (usage) emit(json::array(), usage_of(request, answer));
  events.push_back("[DONE]");
  return events;
}

Reply chat_stream(const json& request, const Answer& answer, int id) {
  return Reply::events(chat_events(request, answer, id));
}

Reply chat_reply(const json& request, const Answer& answer, int id) {
  json reply = envelope(request, id, "chat.completion");
  for (int choice = 0; choice < choices_of(request); ++choice) {
    reply["choices"].push_back({{"index", choice},
                                {"message", message_of(answer, id, choice)},
                                {"logprobs", nullptr},
                                {"finish_reason", answer.finish_reason}});
  }
  reply["usage"] = usage_of(request, answer);
  return Reply::json(200, reply.dump());
}

std::vector<float> embed(std::string_view text, std::size_t dimensions) {
  std::vector<float> vector(dimensions, 0.0F);
  vector[0] = 1e-3F;
  for (std::size_t at = 0; at + 1 <= text.size(); ++at) {
    std::uint64_t hash = 14695981039346656037U;  // FNV-1a of three bytes
    for (char byte : text.substr(at, 3)) {
      hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211U;
    }
    vector[(hash >> 8) % dimensions] += (hash >> 63) != 0 ? 1.0F : -1.0F;
  }
  const float square = std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0F);
  const float length = std::sqrt(square);
  for (float& value : vector) value /= length;
  return vector;
}

Reply embeddings_reply(const json& request, std::size_t dimensions) {
  const json& given = request["input"];
  const bool one = given.is_string() || given[0].is_number();
  const json inputs = one ? json::array({given}) : given;
  const bool base64 = request.value("encoding_format", "float") == "base64";
  std::size_t bytes = 0;
  json data = json::array();
  for (std::size_t left = inputs.size(); left > 0; --left) {
    const json& input = inputs[left - 1];
    const std::string text = input.is_string() ? input.get<std::string>() : input.dump();
    bytes += text.size();
    data.push_back({{"object", "embedding"},
                    {"index", left - 1},
                    {"embedding", embedding_value(text, dimensions, base64)}});
  }
  const std::size_t tokens = bytes / 4 + 1;
  const json reply{{"object", "list"},
                   {"data", data},
                   {"model", request["model"]},
                   {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}};
  return Reply::json(200, reply.dump());
}

std::string error_body(const ErrorBody& error) {
  const auto or_null = [](const std::string& value) {
    return value.empty() ? json(nullptr) : json(value);
  };
  const json inner{{"message", error.message},
                   {"type", error.type},
                   {"param", or_null(error.param)},
                   {"code", or_null(error.code)}};
  return json{{"error", inner}}.dump();
}

Reply error_reply(int status, const ErrorBody& error) {
  return Reply::json(status, error_body(error)).header("x-request-id", "req_0123456789abcdef");
}

json sample_of(const json& schema, const json& root) {
  if (schema.contains("$ref")) {
    const std::string path = schema["$ref"].get<std::string>().substr(1);
    return sample_of(root.at(json::json_pointer(path)), root);
  }
  if (schema.contains("enum")) return schema["enum"].at(0);
  if (schema.contains("const")) return schema["const"];
  if (schema.contains("anyOf")) return sample_of(schema["anyOf"].at(0), root);
  json type = schema.value("type", json("object"));
  if (type.is_array()) type = type.at(0);
  if (type == "string") return "示例";
  if (type == "integer") return 1;
  if (type == "number") return 1.5;
  if (type == "boolean") return true;
  if (type == "null") return nullptr;
  if (type == "array") return json::array({sample_of(schema.value("items", json::object()), root)});
  json value = json::object();
  const json properties = schema.value("properties", json::object());
  for (const auto& name : schema.value("required", json::array())) {
    const std::string key = name.get<std::string>();
    value[key] = sample_of(properties.value(key, json::object()), root);
  }
  return value;
}

}  // namespace lian::test
