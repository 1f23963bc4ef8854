#include "callback/trace_run.hpp"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

#include "core/json_writer.hpp"
#include "core/redact.hpp"
#include "lian/core/utf8.hpp"

namespace lian {
inline namespace v0 {

std::string trace_text(std::string_view text, std::size_t limit) {
  std::string clean = redact(utf8::repair(text));
  if (clean.size() <= limit) return clean;
  clean.resize(utf8::code_point_boundary(clean, limit));
  return clean + "…";
}

std::string trace_time(std::int64_t time_us, bool compact) {
  std::int64_t seconds = time_us / 1'000'000, rest = time_us % 1'000'000;
  if (rest < 0) --seconds, rest += 1'000'000;
  const auto when = static_cast<std::time_t>(seconds);
  std::tm utc = {};
  gmtime_r(&when, &utc);
  const std::string_view dash = compact ? "" : "-", colon = compact ? "" : ":";
  return fmt::format("{:04}{}{:02}{}{:02}T{:02}{}{:02}{}{:02}{}{:06}Z", utc.tm_year + 1900, dash,
                     utc.tm_mon + 1, dash, utc.tm_mday, utc.tm_hour, colon, utc.tm_min, colon,
                     utc.tm_sec, compact ? "" : ".", rest);
}

std::string trace_id(RunId id) { return fmt::format("{:016x}", id); }

namespace {

void write_error(JsonWriter& json, const Error& error, const TraceOptions& options) {
  json.begin_object().key("kind").string(to_string(error.kind()));
  if (options.contents())
    json.key("message").string(trace_text(error.message(), options.max_field_bytes()));
  json.end_object();
}

void write_usage(JsonWriter& json, const Usage& usage) {
  const auto optional = [&](std::string_view name, std::int64_t tokens) {
    if (tokens != 0) json.key(name).integer(tokens);
  };
  json.begin_object();
  json.key("input_tokens").integer(usage.input_tokens);
  json.key("output_tokens").integer(usage.output_tokens);
  json.key("total_tokens").integer(usage.total_tokens);
  optional("cached_tokens", usage.cached_tokens);
  optional("cache_write_tokens", usage.cache_write_tokens);
  optional("reasoning_tokens", usage.reasoning_tokens);
  optional("audio_input_tokens", usage.audio_input_tokens);
  optional("audio_output_tokens", usage.audio_output_tokens);
  optional("accepted_prediction_tokens", usage.accepted_prediction_tokens);
  optional("rejected_prediction_tokens", usage.rejected_prediction_tokens);
  json.end_object();
}

}  // namespace

void append_event(std::string& out, const Event& event, const TraceOptions& options) {
  JsonWriter json(out);
  json.begin_object();
  json.key("event").string(to_string(event.type));
  json.key("time").string(trace_time(event.time_us));
  json.key("name").string(trace_text(event.name, options.max_field_bytes()));
  if (options.contents() && !event.message.empty())
    json.key("message").string(trace_text(event.message, options.max_field_bytes()));
  if (options.contents() && event.type == EventType::agent_action)
    json.key("data").string(trace_text(event.data.text(), options.max_field_bytes()));
  if (event.error) {
    json.key("error");
    write_error(json, *event.error, options);
  }
  json.end_object();
}

TraceRun::TraceRun(const Event& start, const TraceOptions& options)
    : id(start.run_id),
      parent_id(start.parent_id),
      start_us_(start.time_us),
      name_(trace_text(start.name, options.max_field_bytes())),
      kind_(to_string(start.kind)) {
  has_input_ = options.contents() && !start.data.empty();
  if (has_input_) inputs_ = trace_text(start.data.text(), options.max_field_bytes());
  if (start.tags) {
    JsonWriter json(tags_);
    json.begin_array();
    for (const std::string& tag : *start.tags)
      json.string(trace_text(tag, options.max_field_bytes()));
    json.end_array();
  }
  if (start.metadata) metadata_ = redact_json(start.metadata->to_json()).dump();
}

void TraceRun::piece(const Event& event, const TraceOptions& options) {
  ++piece_count_;
  if (!options.contents() || piece_bytes_ >= options.max_field_bytes()) return;
  std::string text = utf8::repair(event.data.text());
  piece_bytes_ += text.size() + 1;
  pieces_.push_back(std::move(text));
}

void TraceRun::note(const Event& event, const TraceOptions& options) {
  if (event.type == EventType::retry) ++retries_;
  if (event.type == EventType::warning) ++warnings_;
  if (note_bytes_ >= options.max_field_bytes()) {
    ++notes_dropped_;
    return;
  }
  Note note;
  note.time_us = event.time_us;
  append_event(note.json, event, options);
  note_bytes_ += note.json.size();
  notes_.push_back(std::move(note));
}

void TraceRun::end(const Event& event, const TraceOptions& options) {
  end_us_ = event.time_us;
  if (event.error) {
    JsonWriter json(error_);
    write_error(json, *event.error, options);
  }
  has_output_ = options.contents() && !event.data.empty();
  if (has_output_) outputs_ = trace_text(event.data.text(), options.max_field_bytes());
  if (const auto* message = event.data.as<AIMessage>()) {
    usage_ = message->usage;
    model_ = trace_text(message->model, options.max_field_bytes());
  }
}

// A credential that lies across pieces shows only in all of them together: then they are one.
void TraceRun::write_pieces(std::string& out, const TraceOptions& options) const {
  std::string all;
  for (const std::string& piece : pieces_) all += piece;
  const std::string clean = redact(all);
  JsonWriter json(out);
  json.begin_array();
  if (clean != all) {
    json.string(trace_text(clean, options.max_field_bytes()));
  } else {
    std::size_t left = options.max_field_bytes();
    for (const std::string& piece : pieces_) {
      json.string(trace_text(piece, left));
      left -= std::min(left, piece.size());
    }
  }
  json.end_array();
}

void TraceRun::write_own(std::string& out, const std::string& trace, const std::string& order,
                         const TraceOptions& options) {
  JsonWriter json(out);
  json.begin_object();
  json.key("id").string(trace_id(id));
  if (parent_id != 0) json.key("parent_id").string(trace_id(parent_id));
  json.key("trace_id").string(trace).key("dotted_order").string(order);
  json.key("name").string(name_).key("kind").string(kind_);
  json.key("start").string(trace_time(start_us_));
  if (end_us_ != 0) json.key("end").string(trace_time(end_us_));
  if (has_input_) json.key("inputs").string(inputs_);
  if (has_output_) json.key("outputs").string(outputs_);
  if (!error_.empty()) json.key("error").raw(error_);
  if (piece_count_ != 0) json.key("piece_count").integer(static_cast<std::int64_t>(piece_count_));
  if (!pieces_.empty()) {
    std::string pieces;
    write_pieces(pieces, options);
    json.key("pieces").raw(pieces);
  }
  if (!notes_.empty()) {
    std::stable_sort(notes_.begin(), notes_.end(),
                     [](const Note& a, const Note& b) { return a.time_us < b.time_us; });
    json.key("events").begin_array();
    for (const Note& note : notes_) json.raw(note.json);
    json.end_array();
  }
  const auto count = [&](std::string_view name, std::size_t number) {
    if (number != 0) json.key(name).integer(static_cast<std::int64_t>(number));
  };
  count("events_dropped", notes_dropped_);
  count("retries", retries_);
  count("warnings", warnings_);
  count("runs_dropped", dropped);
  if (!model_.empty()) json.key("model").string(model_);
  if (usage_) {
    json.key("usage");
    write_usage(json, *usage_);
  }
  if (!tags_.empty()) json.key("tags").raw(tags_);
  if (!metadata_.empty()) json.key("metadata").raw(metadata_);
  json.end_object();
  out += '\n';
}

void TraceRun::write(std::string& out, const std::string& trace, const std::string& before,
                     const TraceOptions& options) {
  const std::string order =
      (before.empty() ? before : before + ".") + trace_time(start_us_, true) + trace_id(id);
  write_own(out, trace, order, options);
  std::stable_sort(children.begin(), children.end(),
                   [](const auto& a, const auto& b) { return a->start_us_ < b->start_us_; });
  for (const auto& child : children) child->write(out, trace, order, options);
}

}  // namespace v0
}  // namespace lian
