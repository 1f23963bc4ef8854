#include "net/sse.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "lian/core/error.hpp"
#include "lian/core/json.hpp"
#include "support/catch.hpp"
#include "support/data.hpp"

namespace lian {
namespace {

struct Event {
  std::string type, data, id;
  friend bool operator==(const Event&, const Event&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Event& event) {
    return out << "{" << event.type << "|" << event.data << "|" << event.id << "}";
  }
};

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

void drain(SseParser& parser, std::vector<Event>& events) {
  SseEvent event;
  while (parser.next(event)) {
    events.push_back({std::string(event.type), std::string(event.data), std::string(event.id)});
  }
}

std::vector<Event> feed(SseParser& parser, std::string_view bytes, std::size_t chunk) {
  std::vector<Event> events;
  for (std::size_t i = 0; i < bytes.size(); i += chunk) {
    parser.feed(bytes.substr(i, chunk));
    drain(parser, events);
  }
  return events;
}

std::vector<Event> feed_in_two(SseParser& parser, std::string_view bytes, std::size_t first) {
  std::vector<Event> events;
  parser.feed(bytes.substr(0, first));
  drain(parser, events);
  parser.feed(bytes.substr(first));
  drain(parser, events);
  return events;
}

std::vector<Event> events_of(std::string_view bytes, const SseOptions& options = {}) {
  SseParser parser(options);
  return feed(parser, bytes, bytes.size());
}

std::vector<Event> expected_events(const Json& vector) {
  std::vector<Event> events;
  for (const Json& event : vector["events"].items()) {
    events.push_back({std::string(event["type"].as_string()),
                      std::string(event["data"].as_string()),
                      std::string(event["id"].as_string())});
  }
  return events;
}

void check_state(const SseParser& parser, const Json& vector) {
  CHECK(parser.last_id() == vector["last_id"].as_string());
  if (vector["retry"].is_null()) {
    CHECK_FALSE(parser.retry().has_value());
  } else {
    CHECK(parser.retry() == vector["retry"].as_uint());
  }
}

std::vector<Json> vectors() {
  std::vector<Json> out;
  const std::string text = test::read_data("sse_vectors.jsonl");
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    if (const auto line = rest.substr(0, end); !line.empty()) out.push_back(Json::parse(line));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return out;
}

TEST_CASE("sse: gives the standard's events whatever the chunks") {
  const std::vector<Json> all = vectors();
  REQUIRE(all.size() >= 40);
  for (const Json& vector : all) {
    INFO(vector["id"].as_string());
    const std::string bytes = from_hex(vector["input_hex"].as_string());
    const std::vector<Event> expected = expected_events(vector);
    SseParser whole;
    CHECK(feed(whole, bytes, bytes.size() + 1) == expected);
    check_state(whole, vector);
    SseParser by_byte;
    CHECK(feed(by_byte, bytes, 1) == expected);
    check_state(by_byte, vector);
    for (std::size_t split = 1; split < bytes.size(); ++split) {
      SseParser parser;
      if (feed_in_two(parser, bytes, split) == expected) continue;
      FAIL_CHECK("split at " << split);
    }
  }
}

TEST_CASE("sse: an event cut by the end of the stream is not dispatched") {
  SseParser parser;
  CHECK(feed(parser, "data: a\n\ndata: b\n", 3) == std::vector<Event>{{"message", "a", ""}});
  CHECK(parser.pending());
}

TEST_CASE("sse: the limit on a line holds to the byte") {
  SseOptions options;
  options.max_line_bytes = 20;
  const std::string at_limit = "data: " + std::string(14, 'x');
  CHECK(events_of(at_limit.substr(1) + "\n\n", options).empty());
  CHECK(events_of(at_limit + "\n\n", options).size() == 1);
  for (const std::string ending : {"", "\n\n"}) {  // with and without the line's end
    try {
      events_of(at_limit + "x" + ending, options);
      FAIL("no error");
    } catch (const LimitError& error) {
      CHECK(error.name == "max_line_bytes");
      CHECK(error.limit == 20);
      CHECK_THAT(error.message(), Catch::Contains("max_line_bytes"));
    }
  }
}

TEST_CASE("sse: the limit on an event's joined data holds to the byte") {
  SseOptions options;
  options.max_event_bytes = 7;
  CHECK(events_of("data: aaa\ndata: bb\n\n", options).at(0).data == "aaa\nbb");
  CHECK(events_of("data: aaa\ndata: bbb\n\n", options).at(0).data == "aaa\nbbb");
  try {
    events_of("data: aaa\ndata: bbbb\n\n", options);
    FAIL("no error");
  } catch (const LimitError& error) {
    CHECK(error.name == "max_event_bytes");
  }
}

TEST_CASE("sse: invalid UTF-8 becomes U+FFFD and is counted") {
  SseParser parser;
  const auto events = feed(parser, "data: a\xFF\xE4\xBD z\n\ndata: \xE4\xBD\xA0\n\n", 1);
  REQUIRE(events.size() == 2);
  CHECK(events[0].data == "a\xEF\xBF\xBD\xEF\xBF\xBD z");
  CHECK(events[1].data == "\xE4\xBD\xA0");
  CHECK(parser.replacements() == 2);
}

TEST_CASE("sse: every sequence of the UTF-8 corpus is repaired alike whatever the chunks") {
  const std::string text = test::read_data("utf8_stress.tsv");
  std::size_t rows = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const auto end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    const auto tab = [&](std::size_t from) { return line.find('\t', from); };
    const std::size_t valid = tab(0) + 1, count = tab(valid) + 1, output = tab(count) + 1;
    INFO(line);
    ++rows;
    const std::string bytes = "data: a" + from_hex(line.substr(0, valid - 1)) + "b\n\n";
    const std::string expected = "a" + from_hex(line.substr(output, tab(output) - output)) + "b";
    const auto replaced =
        static_cast<std::size_t>(std::stoi(std::string(line.substr(count, output - 1 - count))));
    for (std::size_t split = 1; split < bytes.size(); ++split) {
      SseParser parser;
      const auto events = feed_in_two(parser, bytes, split);
      REQUIRE(events.size() == 1);
      CHECK(events[0].data == expected);
      CHECK(parser.replacements() == replaced);
    }
  }
  CHECK(rows > 50);
}

TEST_CASE("sse: an error field is an event of its own when asked for") {
  const std::string stream = "error: {\"code\":500}\n\ndata: [DONE]\n\n";
  CHECK(events_of(stream).size() == 1);
  SseOptions options;
  options.other_lines = true;
  const auto events = events_of(stream, options);
  REQUIRE(events.size() == 2);
  CHECK(events[0] == Event{"error", "{\"code\":500}", ""});
  CHECK(events[1] == Event{"message", "[DONE]", ""});
}

TEST_CASE("sse: 64 bytes behind the data may be read") {
  SseParser parser;
  SseEvent event;
  std::size_t events = 0;
  for (int i = 0; i < 200; ++i) {
    parser.feed("data: " + std::string(static_cast<std::size_t>(i) * 37, 'x') + "\n\n");
    while (parser.next(event)) {
      unsigned sum = 0;
      const char* end = event.data.data() + event.data.size();
      for (int k = 0; k < 64; ++k) sum += end[k] != 0;  // reported by AddressSanitizer if not
      CHECK(sum <= 64);
      ++events;
    }
  }
  CHECK(events == 200);
}

TEST_CASE("sse: events that are not taken before the next chunk are kept") {
  SseParser parser;
  parser.feed("data: a\n\ndata: b\n\nda");
  parser.feed("ta: c\n\n");
  std::vector<Event> events;
  drain(parser, events);
  CHECK(events ==
        std::vector<Event>{{"message", "a", ""}, {"message", "b", ""}, {"message", "c", ""}});
}

}  // namespace
}  // namespace lian
