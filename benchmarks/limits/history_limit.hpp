#pragma once
// The limit of the history workload: the same words as JSON lines, each forced to the disk, read
// back with simdjson.

#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "../measure.hpp"
#include "../workloads.hpp"

namespace bench {

struct LimitMessage {
  std::string role, text;
};

inline void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
}

inline void append_message(std::string& out, std::string_view role, std::string_view text) {
  out.append("{\"role\":\"").append(role).append("\",\"parts\":[{\"type\":\"text\",\"text\":\"");
  append_escaped(out, text);
  out += "\"}]}";
}

inline void write_turn(int fd, std::size_t turn) {
  std::string line = "{\"session\":\"session\",\"messages\":[";
  append_message(line, "user", history_text(2 * turn));
  line += ',';
  append_message(line, "assistant", history_text(2 * turn + 1));
  line += "]}\n";
  if (::write(fd, line.data(), line.size()) < 0 || ::fsync(fd) != 0) std::perror("history");
}

inline std::vector<LimitMessage> read_turns(const char* file) {
  std::vector<LimitMessage> messages;
  simdjson::ondemand::parser parser;
  const simdjson::padded_string text(read_file(file));
  simdjson::ondemand::document_stream lines = parser.iterate_many(text);
  for (auto line : lines) {
    for (auto message : line["messages"].get_array()) {
      LimitMessage& read = messages.emplace_back();
      read.role = std::string_view(message["role"]);
      for (auto part : message["parts"].get_array()) read.text += std::string_view(part["text"]);
    }
  }
  return messages;
}

inline void run_history_limit(const char* file) {
  std::remove(file);
  const int fd = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  double start = cpu_seconds();
  const double begin = wall_seconds();
  for (std::size_t turn = 0; turn < history_turns; ++turn) write_turn(fd, turn);
  const double saving = cpu_seconds() - start, saving_wall = wall_seconds() - begin;
  ::close(fd);
  std::vector<double> times;
  std::size_t check = 0;
  for (int round = 0; round < repetitions; ++round) {
    start = cpu_seconds();
    check = 0;
    for (const LimitMessage& message : read_turns(file)) check += message.text.size();
    times.push_back(cpu_seconds() - start);
  }
  std::remove(file);
  Report report("history", static_cast<double>(2 * history_turns), median(times));
  report.add("check", static_cast<double>(check))
      .add("save_us", saving / history_turns * 1e6)
      .add("save_wall_us", saving_wall / history_turns * 1e6)
      .print();
}

}  // namespace bench
