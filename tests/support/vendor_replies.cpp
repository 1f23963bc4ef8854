#include "support/vendor_replies.hpp"

#include <numeric>
#include <utility>

#include "support/openai_replies.hpp"

namespace lian::test {
namespace {

using nlohmann::json;

void add_all(json& to, const json& members) {
  for (const auto& [name, value] : members.items()) to[name] = value;
}

}  // namespace

Reply VendorReplies::reply() const {
  return request_.value("stream", false) ? streamed() : whole();
}

json VendorReplies::envelope(const char* object) const {
  return {{"id", habits_["id"]},
          {"object", object},
          {"created", 1741570283},
          {"model", request_["model"]}};
}

// The vendor's word for why the reply ended; one it has no word for ends as any other.
std::string VendorReplies::finish() const {
  const json& words = habits_["finish"];
  if (script_.finish == FinishReason::length && words.contains("length")) return words["length"];
  if (script_.finish == FinishReason::content_filter && words.contains("content_filter"))
    return words["content_filter"];
  return words[script_.calls.empty() ? "stop" : "tool_calls"];
}

json VendorReplies::usage() const {
  const int output =
      script_.output_tokens - (habit("reasoning apart") ? script_.reasoning_tokens : 0);
  json used = {{"prompt_tokens", script_.input_tokens},
               {"completion_tokens", output},
               {"total_tokens", script_.input_tokens + script_.output_tokens}};
  const std::string cached = habits_.value("cached", "");
  if (cached == "prompt_tokens_details")
    used[cached] = {{"cached_tokens", script_.cached_tokens}};
  else if (!cached.empty())
    used[cached] = script_.cached_tokens;
  if (habit("reasoning tokens"))
    used["completion_tokens_details"] = {{"reasoning_tokens", script_.reasoning_tokens}};
  return used;
}

json VendorReplies::call(std::size_t index, bool in_stream) const {
  std::string id = habits_["call id"];
  id.replace(id.find('#'), 1, std::to_string(index));
  json out = {
      {"id", id},
      {"type", "function"},
      {"function",
       {{"name", script_.calls[index].name}, {"arguments", script_.calls[index].arguments}}}};
  if (in_stream && !habit("no call index")) out["index"] = index;
  return out;
}

// Mistral's way: text as it is, thoughts as parts of it.
json VendorReplies::text_content(const std::string& text, bool thought) const {
  const json part = {{"type", "text"}, {"text", text}};
  if (!thought) return habit("content parts") ? json::array({part}) : json(text);
  return json::array({{{"type", "thinking"}, {"thinking", json::array({part})}}});
}

json VendorReplies::message() const {
  const std::string text =
      std::accumulate(script_.pieces.begin(), script_.pieces.end(), std::string());
  json message = {{"role", "assistant"}, {"content", text}};
  if (script_.pieces.empty()) message["content"] = habits_.value("no content", json());
  add_all(message, further("message extra"));
  const std::string reasoning = habits_.value("reasoning", "");
  if (reasoning == "parts" && !script_.reasoning.empty()) {
    message["content"] = text_content(script_.reasoning, true);
    message["content"].push_back({{"type", "text"}, {"text", text}});
  } else if (!reasoning.empty() && !script_.reasoning.empty()) {
    message[reasoning] = script_.reasoning;
  }
  if (habit("refusal"))
    message["refusal"] = script_.refusal.empty() ? json() : json(script_.refusal);
  for (std::size_t i = 0; i < script_.calls.size(); ++i)
    message["tool_calls"].push_back(call(i, false));
  return message;
}

Reply VendorReplies::whole() const {
  json choice = {{"index", 0}, {"message", message()}, {"finish_reason", finish()}};
  add_all(choice, further("choice extra"));
  json out = envelope("chat.completion");
  out["choices"] = json::array({choice});
  out["usage"] = usage();
  add_all(out, further("reply extra"));
  return Reply::json(200, habits_.value("before reply", "") + out.dump());
}

std::vector<json> VendorReplies::deltas() const {
  std::vector<json> all;
  const std::string reasoning = habits_.value("reasoning", "");
  if (!script_.reasoning.empty() && reasoning == "parts")
    all.push_back({{"content", text_content(script_.reasoning, true)}});
  else if (!script_.reasoning.empty() && !reasoning.empty())
    all.push_back({{"content", habits_.value("content beside reasoning", json())},
                   {reasoning, script_.reasoning}});
  for (const std::string& piece : script_.pieces)
    all.push_back({{"content", text_content(piece, false)}});
  if (habit("refusal") && !script_.refusal.empty()) all.push_back({{"refusal", script_.refusal}});
  for (std::size_t i = 0; i < script_.calls.size(); ++i) {
    json head = call(i, true);
    const std::string arguments = script_.calls[i].arguments;
    if (!habit("whole calls")) head["function"]["arguments"] = "";
    all.push_back({{"tool_calls", json::array({head})}});
    if (habit("whole calls")) continue;
    for (const std::string& piece : pieces_of(arguments)) {
      json more = {{"index", i}, {"function", {{"arguments", piece}}}};
      more.merge_patch(further("later fragment"));
      all.push_back({{"tool_calls", json::array({more})}});
    }
  }
  return all;
}

json VendorReplies::chunk(const json& delta, const json& finish) const {
  json choice = {{"index", 0}, {"delta", delta}, {"finish_reason", finish}};
  if (finish.is_null()) {
    const json unfinished = habits_.value("unfinished", json());
    if (unfinished == "absent") choice.erase("finish_reason");
    if (unfinished == "") choice["finish_reason"] = "";
  }
  if (habit("role in every delta")) choice["delta"]["role"] = "assistant";
  add_all(choice, further("choice extra"));
  json out = envelope("chat.completion.chunk");
  out["choices"] = json::array({choice});
  if (habits_["usage"] == "every") out["usage"] = usage();
  add_all(out, further("chunk extra"));
  return out;
}

Reply VendorReplies::streamed() const {
  std::vector<json> events;
  if (habits_.contains("first event")) events.push_back(habits_["first event"]);
  json first = chunk({{"role", "assistant"}, {"content", habits_.value("first content", json(""))}},
                     nullptr);
  add_all(first, further("first chunk extra"));
  if (!habit("role in every delta")) events.push_back(first);
  for (const json& delta : deltas()) events.push_back(chunk(delta, nullptr));

  const std::string told = habits_["usage"];
  json last = chunk(habits_.value("last delta", json::object()), finish());
  if (told == "last") last["usage"] = usage();
  if (told == "choice") last["choices"][0]["usage"] = usage();
  add_all(last, further("last chunk extra"));
  events.push_back(last);
  if (habit("repeats message")) {
    json again = envelope("chat.completion");
    again["choices"] =
        json::array({{{"index", 0}, {"message", message()}, {"finish_reason", finish()}}});
    again["usage"] = usage();
    add_all(again, further("reply extra"));
    events.push_back(again);
  }
  const json options = request_.value("stream_options", json::object());
  if (told == "asked" && options.value("include_usage", false)) {
    json counted = envelope("chat.completion.chunk");
    counted["choices"] = json::array();
    counted["usage"] = usage();
    events.push_back(counted);
  }
  std::string body = habits_.value("comment", "");
  for (const json& event : events) body += "data: " + event.dump() + "\n\n";
  if (!habit("no [DONE]")) body += "data: [DONE]\n\n";
  return Reply::event_stream(body);
}

}  // namespace lian::test
