// The recording as JSON Lines: a head, the exchanges, the runs, and a last line that tells their
// number.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include "core/base64.hpp"
#include "core/digest.hpp"
#include "lian/core/utf8.hpp"
#include "testing/recorded.hpp"

namespace lian {
inline namespace v0 {
namespace testing {

std::string digest_of(std::string_view text) { return hex(sha256(text)).substr(0, 16); }

std::string digest_of(const Event& event) {
  return digest_of(fmt::format("{}\n{}\n{}", to_string(event.type), event.name, event.message));
}

namespace {

constexpr const char* head_member = "lian_recording";
constexpr std::int64_t format_version = 1;

[[noreturn]] void refuse(const std::string& path, std::size_t line, std::string_view what) {
  throw Error(ErrorKind::storage, fmt::format("recording {}, line {}: {}", path, line, what));
}

[[noreturn]] void fail(const std::string& path, std::string_view what) {
  const int code = errno;
  throw Error(ErrorKind::storage, fmt::format("the recording {} cannot be {}: {}", path, what,
                                              std::generic_category().message(code)));
}

// ------------------------------------------------------------------ bytes and names

// A JSON text that is written as lian writes it stands as it is, other text as a string, other
// bytes as base64.
Json to_value(const std::string& bytes) {
  if (!utf8::is_valid(bytes)) return Json::object({{"base64", Json(base64_encode(bytes))}});
  if (bytes.starts_with('{') || bytes.starts_with('[')) {
    try {
      const Json json = Json::parse(bytes);
      if (json.dump() == bytes) return Json::object({{"json", json}});
    } catch (const ParseError&) {
      return Json(bytes);
    }
  }
  return Json(bytes);
}

std::string from_value(const Json& value) {
  if (value.is_string()) return std::string(value.as_string());
  if (value.contains("json")) return value["json"].dump();
  const auto bytes = base64_decode(value.at("base64").as_string());
  if (!bytes) throw Error(ErrorKind::storage, "its bytes are not base64");
  return *bytes;
}

Json to_value(const HttpHeaders& headers) {
  Json list = Json::array();
  for (const auto& [name, value] : headers.fields())
    list.push_back(Json::array({Json(utf8::repair(name)), Json(utf8::repair(value))}));
  return list;
}

HttpHeaders headers_from(const Json& list) {
  HttpHeaders headers;
  for (const Json& field : list.items())
    headers.add(std::string(field.at(0).as_string()), std::string(field.at(1).as_string()));
  return headers;
}

template <class Enum>
Enum named(std::string_view name, int count) {
  for (int i = 0; i < count; ++i)
    if (to_string(static_cast<Enum>(i)) == name) return static_cast<Enum>(i);
  throw Error(ErrorKind::storage, fmt::format("'{}' is not known", name));
}
ErrorKind error_kind_of(std::string_view name) {
  return named<ErrorKind>(name, static_cast<int>(ErrorKind::config) + 1);
}
EventType event_type_of(std::string_view name) {
  return named<EventType>(name, static_cast<int>(EventType::agent_action) + 1);
}
StepKind step_kind_of(std::string_view name) {
  return named<StepKind>(name, static_cast<int>(StepKind::store) + 1);
}

std::string hex_of(std::uint64_t number) { return fmt::format("{:016x}", number); }
std::uint64_t number_of(std::string_view digits) {
  std::uint64_t number = 0;
  for (const char c : digits) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(c >= 'a' && c <= 'f'))
      throw Error(ErrorKind::storage, "an id is not hexadecimal");
    number = number * 16 + static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  return number;
}

// ------------------------------------------------------------------ lines

Json to_line(const RecordedExchange& exchange) {
  Json request = Json::object({{"method", Json(exchange.method)}, {"url", Json(exchange.url)}});
  if (exchange.websocket) request.set("websocket", Json(true));
  request.set("headers", to_value(exchange.headers));
  request.set("body", to_value(exchange.body));
  Json line = Json::object({{"request", request}});
  if (exchange.status != 0) {
    Json chunks = Json::array();
    for (const std::string& chunk : exchange.chunks) chunks.push_back(to_value(chunk));
    line.set("reply", Json::object({{"status", Json(exchange.status)},
                                    {"headers", to_value(exchange.reply_headers)},
                                    {"chunks", chunks}}));
  }
  if (exchange.end == RecordedExchange::End::failed)
    line.set("error", Json::object({{"kind", Json(to_string(exchange.error_kind))},
                                    {"message", Json(utf8::repair(exchange.error))}}));
  else if (exchange.end != RecordedExchange::End::whole)
    line.set("dropped", Json(true));
  return line;
}

RecordedExchange exchange_from(const Json& line) {
  RecordedExchange exchange;
  const Json request = line.at("request");
  exchange.method = request.at("method").as_string();
  exchange.url = request.at("url").as_string();
  exchange.websocket = request.contains("websocket");
  exchange.headers = headers_from(request.at("headers"));
  exchange.body = from_value(request.at("body"));
  if (line.contains("reply")) {
    const Json reply = line["reply"];
    exchange.status = static_cast<int>(reply.at("status").as_int());
    exchange.reply_headers = headers_from(reply.at("headers"));
    for (const Json& chunk : reply.at("chunks").items())
      exchange.chunks.push_back(from_value(chunk));
  }
  exchange.end =
      line.contains("dropped") ? RecordedExchange::End::dropped : RecordedExchange::End::whole;
  if (line.contains("error")) {
    exchange.end = RecordedExchange::End::failed;
    exchange.error_kind = error_kind_of(line["error"].at("kind").as_string());
    exchange.error = line["error"].at("message").as_string();
  }
  return exchange;
}

Json to_line(const RecordedRun& run) {
  Json events = Json::array();
  for (const RecordedEvent& event : run.events) {
    Json item = Json::array({Json(to_string(event.type)), Json(event.time_us), Json(event.turn)});
    if (!event.detail.empty()) item.push_back(Json(event.detail));
    events.push_back(item);
  }
  Json line = Json::object({{"run", Json(hex_of(run.id))}});
  if (run.parent != 0) line.set("parent", Json(hex_of(run.parent)));
  line.set("kind", Json(to_string(run.kind)));
  line.set("name", Json(utf8::repair(run.name)));
  line.set("input", Json(run.input));
  line.set("events", events);
  if (run.random.empty()) return line;
  Json random = Json::array();
  for (const std::uint64_t bits : run.random) random.push_back(Json(hex_of(bits)));
  line.set("random", random);
  return line;
}

RecordedRun run_from(const Json& line) {
  RecordedRun run;
  run.id = number_of(line.at("run").as_string());
  if (line.contains("parent")) run.parent = number_of(line["parent"].as_string());
  run.kind = step_kind_of(line.at("kind").as_string());
  run.name = line.at("name").as_string();
  run.input = line.at("input").as_string();
  for (const Json& item : line.at("events").items()) {
    RecordedEvent event;
    event.type = event_type_of(item.at(0).as_string());
    event.time_us = item.at(1).as_int();
    event.turn = static_cast<std::size_t>(item.at(2).as_uint());
    if (item.size() > 3) event.detail = item.at(3).as_string();
    run.events.push_back(std::move(event));
  }
  for (const Json& bits : line["random"].items()) run.random.push_back(number_of(bits.as_string()));
  return run;
}

Json last_line(const RecordingData& data) {
  return Json::object(
      {{"exchanges", Json(data.exchanges.size())}, {"runs", Json(data.runs.size())}});
}

std::string read_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) fail(path, "read");
  return text;
}

void check_head(const Json& head, const std::string& path) {
  if (!head.contains(head_member)) refuse(path, 1, "this is no recording of lian's");
  if (!head[head_member].is_integer() || head[head_member].as_int() != format_version)
    refuse(path, 1, "this recording is of another version of lian; record it again");
}

void write_all(int fd, const std::string& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path, "written");
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(fd) != 0) fail(path, "written");
}

}  // namespace

RecordingData load_recording(const std::string& path) {
  const std::string text = read_file(path);
  RecordingData data;
  std::size_t number = 0, begin = 0;
  bool complete = false;
  while (begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    ++number;
    if (end == std::string::npos) refuse(path, number, "the line is cut; record it again");
    if (complete) refuse(path, number, "something stands behind the last line");
    try {
      const Json line = Json::parse(std::string_view(text).substr(begin, end - begin));
      if (number == 1) {
        check_head(line, path);
      } else if (line.contains("request")) {
        data.exchanges.push_back(exchange_from(line));
        data.exchanges.back().line = number;
      } else if (line.contains("run")) {
        data.runs.push_back(run_from(line));
      } else {
        if (!(line == last_line(data))) refuse(path, number, "lines are missing or not known");
        complete = true;
      }
    } catch (const ParseError& error) {
      refuse(path, number, number == 1 ? "this is no recording of lian's" : error.what());
    } catch (const Error& error) {
      const std::string what = error.what();
      if (what.starts_with("recording ")) throw;
      refuse(path, number, what);
    }
    begin = end + 1;
  }
  if (!complete) refuse(path, number + 1, "the last line is missing: the recording was cut");
  return data;
}

void save_recording(const std::string& path, const RecordingData& data) {
  std::string text = Json::object({{head_member, Json(format_version)}}).dump() + "\n";
  for (const RecordedExchange& exchange : data.exchanges) text += to_line(exchange).dump() + "\n";
  for (const RecordedRun& run : data.runs) text += to_line(run).dump() + "\n";
  text += last_line(data).dump() + "\n";
  const std::string part = path + ".part";
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) fail(part, "made");
  try {
    write_all(fd, part, text);
  } catch (...) {
    ::close(fd);
    ::unlink(part.c_str());
    throw;
  }
  ::close(fd);
  if (std::rename(part.c_str(), path.c_str()) != 0) fail(path, "replaced");
}

}  // namespace testing
}  // namespace v0
}  // namespace lian
