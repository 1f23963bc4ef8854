// Seeds: the recorded files of tests/data/wire, each in the ways it may arrive.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "fuzz/target.hpp"
#include "lian/core/json.hpp"

namespace lian::fuzz {

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

const fs::path& data_folder() {
  static const fs::path folder = LIAN_TEST_DATA;
  return folder;
}

// The files below a folder, by their paths relative to it, in order.
std::vector<std::string> files_of(const fs::path& folder) {
  std::vector<std::string> names;
  if (!fs::is_directory(folder)) return names;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      names.push_back(fs::relative(entry.path(), folder).generic_string());
  std::sort(names.begin(), names.end());
  return names;
}

bool is_wanted(const Target& target, std::string_view name) {
  std::string_view rest = target.seeds;
  while (!rest.empty()) {
    const std::string_view prefix = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), prefix.size() + 1));
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

bool has(std::string_view text, std::string_view word) { return text.find(word) != text.npos; }

std::string input_of(Mode mode, std::string_view body, std::string_view lengths,
                     unsigned flags = 0) {
  std::string input;
  input += static_cast<char>('0' + static_cast<int>(mode));
  input += static_cast<char>('0' + flags);
  return input.append(lengths).append(body);
}

constexpr std::string_view single_bytes("\x01\x01\x01\x01", 4), mixed("\x07\x40\x03\xc8", 4);

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

// A server's frame of RFC 6455, of fewer than 64 KiB.
std::string frame(std::string_view payload, char first = '\x81') {
  std::string out(1, first);
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else {
    out += '\x7e';
    out += static_cast<char>(payload.size() >> 8U);
    out += static_cast<char>(payload.size() & 0xffU);
  }
  return out.append(payload);
}

std::string frames_of(std::string_view lines) {
  std::string out;
  for (const std::string& line : lines_of(lines)) out += frame(line);
  return out + frame(std::string("\x03\xe8", 2), '\x88');
}

class Seeds {
 public:
  explicit Seeds(const Target& target) : target_(target) {}

  void add_file(const std::string& name) {
    const std::string bytes = read_file(data_folder() / "wire" / name);
    const fs::path path(name);
    const std::string extension = path.extension().string(), stem = path.stem().string();
    if (has(stem, "request") || has(stem, "expect") || stem == "auth_vectors" || extension == ".md")
      return;
    switch (target_.kind) {
      case Kind::sse:
        return extension == ".sse" ? add_stream(name, bytes) : void();
      case Kind::ndjson:
        return extension == ".ndjson" ? add_stream(name, bytes) : void();
      case Kind::json_array:
        return has(stem, "array") ? add_stream(name, bytes) : void();
      case Kind::json_reader:
        return extension == ".sse" ? add_data_lines(name, bytes) : add(name, Mode::reply, bytes);
      case Kind::tool_arguments:
      case Kind::mcp:
        return add_stream(name, bytes);
      case Kind::websocket_frames:
        return extension == ".jsonl" ? add_stream(name, frames_of(bytes)) : void();
      case Kind::embeddings:
      case Kind::models:
        for (unsigned count = 1; count <= 3; ++count)
          add(name, Mode::reply, bytes, mixed, count - 1);
        return add(name, Mode::error, bytes);
      case Kind::chat:
      case Kind::text:
        return add_chat(name, stem, extension, bytes);
    }
  }

  void add_vectors() {
    if (target_.kind == Kind::sse)
      each_line("sse_vectors.jsonl", [&](const Json& line) {
        std::string bytes;
        const std::string_view digits = line["input_hex"].as_string();
        for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
          bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
        add(std::string(line["id"].as_string()), Mode::stream, bytes, single_bytes);
      });
    if (target_.kind == Kind::mcp) {
      add_stream("session", read_file(data_folder() / "mcp" / "session.ndjson"));
      each_line("mcp/hostile.jsonl", [&](const Json& line) {
        if (line["kind"].as_string() == "jsonrpc_line")
          add(std::string(line["why"].as_string()), Mode::stream,
              std::string(line["data"].as_string()) + "\n");
      });
    }
    if (target_.kind == Kind::tool_arguments)
      each_line("partial_tool_json.jsonl", [&](const Json& line) {
        add(std::string(line["why"].as_string()), Mode::stream, line["input"].as_string());
      });
  }

  // What once failed, and what shows a bug that was fixed.
  void add_recorded() {
    const fs::path folder = data_folder() / "fuzz" / target_.name;
    for (const std::string& name : files_of(folder))
      seeds_.push_back({"fuzz/" + name, read_file(folder / name)});
  }

  std::vector<Seed> take() { return std::move(seeds_); }

 private:
  void add(const std::string& name, Mode mode, std::string_view bytes,
           std::string_view lengths = mixed, unsigned flags = 0) {
    seeds_.push_back({name, input_of(mode, bytes, lengths, flags)});
  }

  void add_stream(const std::string& name, std::string_view bytes) {
    add(name, Mode::stream, bytes, single_bytes);
    add(name, Mode::stream, bytes, mixed, 2);
    add(name, Mode::cut_stream, bytes, mixed, 4);
    add(name, Mode::stream, bytes.substr(0, bytes.size() / 2));
    add(name, Mode::stream, bytes, mixed, 1);
  }

  void add_chat(const std::string& name, const std::string& stem, const std::string& extension,
                std::string_view bytes) {
    if (extension == ".jsonl") return add_stream(name, frames_of(bytes));
    if (extension == ".sse" || extension == ".ndjson" || has(stem, "array"))
      add_stream(name, bytes);
    if (has(stem, "error")) {
      for (unsigned status = 0; status < 8; ++status) add(name, Mode::error, bytes, mixed, status);
      add(name, Mode::stream, bytes);
    }
    add(name, Mode::reply, bytes);
    if (has(stem, "token")) add(name, Mode::count, bytes);
  }

  void add_data_lines(const std::string& name, std::string_view bytes) {
    constexpr std::string_view field = "data: ";
    for (const std::string& line : lines_of(bytes))
      if (line.starts_with(field)) add(name, Mode::reply, line.substr(field.size()));
  }

  template <class F>
  void each_line(std::string_view file, F&& f) {
    for (const std::string& line : lines_of(read_file(data_folder() / file))) f(Json::parse(line));
  }

  const Target& target_;
  std::vector<Seed> seeds_;
};

}  // namespace

std::vector<Seed> seeds(const Target& target) {
  Seeds out(target);
  for (const std::string& name : files_of(data_folder() / "wire"))
    if (is_wanted(target, name)) out.add_file(name);
  out.add_vectors();
  out.add_recorded();
  return out.take();
}

std::string dictionary(const Target& target) {
  std::set<std::string> words = {"data: ", "event: ", "\\x0a\\x0a", "[DONE]", "\\\\ud83d", "null"};
  for (const Seed& seed : seeds(target)) {
    const std::string_view text = seed.input;
    for (std::size_t end = text.find("\":"); end != text.npos; end = text.find("\":", end + 1)) {
      const std::size_t begin = text.rfind('"', end - 1);
      if (begin == text.npos || end - begin > 40) continue;
      const std::string_view name = text.substr(begin + 1, end - begin - 1);
      const bool is_word = std::all_of(name.begin(), name.end(), [](char c) {
        return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      });
      if (is_word) words.insert("\\\"" + std::string(name) + "\\\":");
    }
  }
  std::string out;
  for (const std::string& word : words) out += "\"" + word + "\"\n";
  return out;
}

}  // namespace lian::fuzz
