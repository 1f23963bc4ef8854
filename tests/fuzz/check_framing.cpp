// What must hold for the readers below the codecs: whole and split, bytes give the same.
#include <algorithm>

#include "fuzz/target.hpp"
#include "lian/core/runtime.hpp"
#include "lian/core/utf8.hpp"
#include "model/provider/json_reader.hpp"
#include "net/json_array.hpp"
#include "net/ndjson.hpp"
#include "net/sse.hpp"
#include "net/websocket_frames.hpp"

namespace lian::fuzz {

namespace {

using Chunks = std::vector<std::string_view>;

// What a reader gave out, as texts, and how it ended.
struct Reading {
  Reading() = default;
  void add(std::string_view text) {
    require_utf8(text, "what a reader gives out");
    texts.emplace_back(text);
  }
  std::vector<std::string> texts;
  Ending ending;
  std::size_t replacements = 0;
  friend bool operator==(const Reading&, const Reading&) = default;
};

// Feeds copies, so that nothing is read behind a chunk or after it is gone.
template <class Parser, class Take, class Last>
Reading read(Parser parser, const Chunks& chunks, bool cut, Take take, Last last) {
  Reading out;
  out.ending = ending_of([&] {
    for (const std::string_view chunk : chunks) {
      const std::vector<char> copy(chunk.begin(), chunk.end());
      parser.feed(std::string_view(copy.data(), copy.size()));
      take(parser, out);
    }
    if (cut) return;
    parser.end();
    take(parser, out);
  });
  out.replacements = parser.replacements();
  last(parser, out);
  return out;
}

// `take` reads what there is, `last` what the parser says of the whole at the end.
template <class Make, class Take, class Last>
void check_splits(const Input& input, Make make, Take take, Last last) {
  const bool cut = input.mode == Mode::cut_stream;
  const Reading whole = read(make(), {input.body}, cut, take, last);
  const Reading split = read(make(), input.chunks(), cut, take, last);
  require(whole == split, "bytes mean something else when they are split");
}

void take_events(SseParser& parser, Reading& out) {
  SseEvent event;
  while (parser.next(event)) {
    touch_padding(event.data);
    for (const std::string_view text : {event.type, event.data, event.id, event.other})
      out.add(text);
  }
}

template <class Parser>
void take_items(Parser& parser, Reading& out) {
  std::string_view item;
  while (parser.next(item)) {
    touch_padding(item);
    out.add(item);
  }
}

std::size_t limit(const Input& input) { return input.flags & 1U ? 64 : 16U << 20U; }

}  // namespace

void check_sse(const Input& input) {
  const auto make = [&] {
    SseOptions options;
    options.max_line_bytes = options.max_event_bytes = limit(input);
    options.other_lines = (input.flags & 2U) != 0;
    options.lenient_end = (input.flags & 4U) != 0;
    return SseParser(options);
  };
  check_splits(input, make, take_events, [](const SseParser& parser, Reading& out) {
    if (out.ending.failed) return;
    out.add(parser.last_id());
    if (parser.retry()) out.add(std::to_string(*parser.retry()));
    if (parser.pending()) out.add("pending");
  });
}

void check_ndjson(const Input& input) {
  check_splits(
      input, [&] { return NdjsonParser(limit(input)); }, take_items<NdjsonParser>,
      [](const NdjsonParser&, Reading&) {});
}

void check_json_array(const Input& input) {
  check_splits(
      input, [&] { return JsonArrayParser(limit(input)); }, take_items<JsonArrayParser>,
      [](const JsonArrayParser& parser, Reading& out) {
        if (!out.ending.failed && parser.closed()) out.add("closed");
      });
}

namespace {

// Reads a value into a tree by every way in that JsonValue has.
Json tree_of(JsonValue value) {
  switch (value.type()) {
    case JsonValue::Type::null:
      return nullptr;
    case JsonValue::Type::boolean:
      return value.boolean();
    case JsonValue::Type::number:
      return value.json();
    case JsonValue::Type::string: {
      const std::string text = value.text();
      require_utf8(text, "a string");
      return text;
    }
    case JsonValue::Type::array: {
      Json out = Json::array();
      value.items([&](JsonValue item) { out.push_back(tree_of(item)); });
      return out;
    }
    case JsonValue::Type::object: {
      Json out = Json::object();
      value.fields([&](JsonKey key, JsonValue member) {
        const std::string name = key.text();
        require_utf8(name, "a member's name");
        out.set(name, tree_of(member));
      });
      return out;
    }
  }
  return nullptr;
}

// The most brackets open at once, those in strings counted too.
int depth(std::string_view text) {
  int open = 0, most = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') most = std::max(most, ++open);
    if (c == ']' || c == '}') --open;
  }
  return most;
}

// Reads what a codec might: nothing, numbers as integers, texts, the raw value.
void skim(JsonValue value, unsigned flags) {
  switch (flags) {
    case 1:
      return static_cast<void>(value.integer());
    case 2:
      return static_cast<void>(value.number());
    case 3:
      return require_utf8(value.raw(), "a value's own text");
    case 4:
      return static_cast<void>(value.json());
    case 5:
      return require_utf8(value.text(), "a string");
    case 6:
      return value.fields([](JsonKey, JsonValue) {});
    case 7:
      return value.items([](JsonValue item) { static_cast<void>(item.number()); });
    default:
      return;
  }
}

}  // namespace

void check_json_reader(const Input& input) {
  std::string text = utf8::repair(input.body);
  text.reserve(text.size() + 64);
  JsonReader reader("provider");
  Json tree;
  const Ending read =
      ending_of([&] { reader.read(text, [&](JsonValue value) { tree = tree_of(value); }); });
  Json parsed;
  const Ending parse = ending_of([&] { parsed = Json::parse(text); });
  if (!parse.failed) {
    const bool scalar = !parsed.is_object() && !parsed.is_array();
    if (read.failed && (scalar || depth(text) > 100)) return;  // no event is such a text
    require(!read.failed, "the reader refuses what is JSON");
    require(tree == parsed, "the reader reads something else than the parser");
  }
  // The same reader goes on to the next text, whatever the last one was.
  static_cast<void>(ending_of([&] {
    reader.read(text, [&](JsonValue value) {
      if (!value.is_object()) return skim(value, input.flags);
      value.fields([&](JsonKey, JsonValue member) { skim(member, input.flags); });
    });
  }));
}

void check_websocket_frames(const Input& input) {
  Runtime runtime;
  const auto read_frames = [&](const Chunks& chunks) {
    WebSocketFrames frames(runtime, input.flags & 1U ? 64 : 16U << 20U);
    Reading out;
    out.ending = ending_of([&] {
      std::string message;
      for (const std::string_view chunk : chunks) {
        frames.feed(chunk);
        while (frames.next(message)) {
          touch_padding(message);
          out.add(message);
        }
        if (frames.closed()) break;
      }
    });
    out.replacements = frames.closed() ? frames.close_status() : 0;
    if (frames.closed()) out.add(frames.close_reason());
    return out;
  };
  require(read_frames({input.body}) == read_frames(input.chunks()),
          "frames mean something else when they are split");
}

// The arguments of tool calls that come in fragments: joined they are what was sent, and valid only
// when they are a JSON object.
void check_tool_arguments(const Input& input) {
  const std::string text = utf8::repair(input.body);
  AIMessage message;
  const auto add = [&](std::string arguments, std::string_view id = {},
                       std::string_view name = {}) {
    ChatPiece piece;
    ToolCallPiece& call = piece.tool_calls.emplace_back();
    call.id = id;
    call.name = name;
    call.index = input.flags & 1U ? -1 : 0;
    call.arguments = std::move(arguments);
    append(message, std::move(piece));
  };
  add({}, "id", "tool");
  Input fragments = input;
  fragments.body = text;
  for (const std::string_view chunk : fragments.chunks()) add(std::string(chunk));
  finish(message);
  const auto calls = message.tool_calls(), invalid = message.invalid_tool_calls();
  require(calls.size() + invalid.size() == 1, "a tool call came apart");
  const ToolCall& call = calls.empty() ? invalid[0] : calls[0];
  require(call.arguments == text, "a tool call's arguments are not what was sent");
  bool is_object = false;
  static_cast<void>(ending_of([&] { is_object = Json::parse(text).is_object(); }));
  require(call.valid == is_object, "a tool call is valid without arguments, or invalid with them");
}

}  // namespace lian::fuzz
