// An MCP server over standard streams that does what its first argument, a JSON object or the path
// of a file that holds one, says: "tools" and, after the tool "change" was called, "later_tools";
// "page": tools a page; "version"; "log": a file of all that it is sent; "first": lines before all
// else; "lines": method -> lines sent instead of its answer, $ID being the request's id;
// "stubborn": neither the end of its input nor SIGTERM ends it; "complaints": bytes on standard
// error. It shares no code with the library.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

extern char** environ;

namespace {

using Json = nlohmann::ordered_json;

void say(const std::string& line) { std::cout << line << '\n' << std::flush; }

void say(const Json& message) { say(message.dump()); }

Json text_result(const std::string& text, bool failed = false) {
  Json result;
  result["content"] = Json::array({{{"type", "text"}, {"text", text}}});
  if (failed) result["isError"] = true;
  return result;
}

std::string environment() {
  std::string out;
  for (char** variable = environ; *variable; ++variable) out += std::string(*variable) + "\n";
  return out;
}

// Descriptors as they were at the start, before this program opened any.
std::string open_descriptors() {
  std::string out;
  for (int fd = 0; fd < 1024; ++fd)
    if (::fcntl(fd, F_GETFD) >= 0) out += std::to_string(fd) + " ";
  return out;
}

std::string signals() {
  std::string out;
  sigset_t blocked;
  sigprocmask(SIG_BLOCK, nullptr, &blocked);
  for (int number = 1; number < 32; ++number) {
    struct sigaction action {};
    sigaction(number, nullptr, &action);
    if (sigismember(&blocked, number) == 1) out += "blocked " + std::to_string(number) + " ";
    if (action.sa_handler == SIG_IGN) out += "ignored " + std::to_string(number) + " ";
  }
  return out;
}

// A child that only a signal ends, in the same process group.
std::string start_child() {
  const pid_t child = ::fork();
  if (child == 0) {
    while (true) ::pause();
  }
  return std::to_string(child);
}

[[noreturn]] void flood(const std::string& text) {
  while (true) std::cout << text;
}

Json read_script(const std::string& argument) {
  if (argument.starts_with('{')) return Json::parse(argument);
  std::ifstream file(argument);
  return Json::parse(file);
}

class Server {
 public:
  Server(Json script, int argc, char** argv) : script_(std::move(script)) {
    for (int i = 1; i < argc; ++i) arguments_.emplace_back(argv[i]);
    if (script_.contains("log")) log_.open(script_["log"].get<std::string>(), std::ios::app);
    tools_ = script_.value("tools", Json::array());
  }

  void run() {
    for (const Json& line : script_.value("first", Json::array())) say(line.get<std::string>());
    std::cerr << std::string(script_.value("complaints", std::size_t{0}), '!') << std::flush;
    std::string line;
    while (std::getline(std::cin, line)) {
      log_ << line << '\n' << std::flush;
      take(Json::parse(line));
    }
    while (script_.value("stubborn", false)) ::pause();
  }

 private:
  void take(const Json& message) {
    const std::string method = message.value("method", "");
    if (method.empty()) return take_answer(message);
    if (!message.contains("id")) return;
    const Json lines = script_.value("lines", Json::object());
    if (!lines.contains(method))
      return answer(message["id"], method, message.value("params", Json()));
    const std::string id = message["id"].dump();
    for (std::string text : lines[method]) {
      for (std::size_t at; (at = text.find("$ID")) != text.npos;) text.replace(at, 3, id);
      say(text);
    }
  }

  // What the tools "ping" and "sample" were waiting for.
  void take_answer(const Json& message) {
    if (asked_.is_null()) return;
    reply(asked_, text_result(message.contains("error") ? message["error"]["code"].dump()
                                                        : message["result"].dump()));
    asked_ = Json();
  }

  static void reply(const Json& id, const Json& result) {
    say(Json{{"jsonrpc", "2.0"}, {"id", id}, {"result", result}});
  }
  static void notify(const std::string& method, const Json& params) {
    say(Json{{"jsonrpc", "2.0"}, {"method", method}, {"params", params}});
  }

  void answer(const Json& id, const std::string& method, const Json& params) {
    if (method == "initialize") {
      Json result{{"protocolVersion", script_.value("version", "2025-06-18")}};
      result["capabilities"]["tools"]["listChanged"] = true;
      result["serverInfo"] = {{"name", "fake"}, {"version", "1"}};
      return reply(id, result);
    }
    if (method == "tools/list") return list(id, params);
    if (method == "tools/call")
      return call(id, params["name"], params.value("arguments", Json::object()), params);
    say(Json{{"jsonrpc", "2.0"},
             {"id", id},
             {"error", {{"code", -32601}, {"message", "no such method"}}}});
  }

  void list(const Json& id, const Json& params) {
    const std::size_t page = script_.value("page", std::size_t{1000});
    const std::size_t from = std::stoul(params.value("cursor", "0"));
    Json result{{"tools", Json::array()}};
    for (std::size_t i = from; i < tools_.size() && i < from + page; ++i)
      result["tools"].push_back(tools_[i]);
    if (from + page < tools_.size()) result["nextCursor"] = std::to_string(from + page);
    reply(id, result);
  }

  void call(const Json& id, const std::string& name, const Json& arguments, const Json& params) {
    if (name == "echo") return reply(id, text_result(arguments.value("text", "")));
    if (name == "fail") return reply(id, text_result("the disk is full", true));
    if (name == "result") return reply(id, arguments["result"]);
    if (name == "hang") return;
    if (name == "hold") return held_.push_back(id);
    if (name == "release") return release(id);
    if (name == "exit") ::_exit(3);
    if (name == "crash") ::raise(SIGKILL);
    if (name == "close_output") return void(::close(STDOUT_FILENO));
    if (name == "leave_child") return void(start_child()), ::_exit(0);
    if (name == "close_input") {
      ::close(STDIN_FILENO);
      reply(id, text_result("closed"));
      while (true) ::pause();
    }
    if (name == "flood_line") flood("x");
    if (name == "flood_notes") flood("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}\n");
    if (name == "flood_junk") flood("what?\n");
    if (name == "complain") {
      for (int i = 0; i < 64; ++i) std::cerr << std::string(65536, '!');
      return reply(id, text_result("done"));
    }
    if (name == "ping" || name == "sample") {
      asked_ = id;
      return say(Json{{"jsonrpc", "2.0"},
                      {"id", 7},
                      {"method", name == "ping" ? "ping" : "sampling/createMessage"}});
    }
    if (name == "progress") {
      const Json token = params.value("/_meta/progressToken"_json_pointer, Json());
      if (!token.is_null())
        notify("notifications/progress",
               {{"progressToken", token}, {"progress", 1}, {"total", 2}, {"message", "half"}});
      return reply(id, text_result("done"));
    }
    if (name == "change") {
      tools_ = script_["later_tools"];
      notify("notifications/tools/list_changed", Json::object());
      return reply(id, text_result("changed"));
    }
    look(id, name);
  }

  void look(const Json& id, const std::string& name) {
    if (name == "environment") return reply(id, text_result(environment()));
    if (name == "descriptors") return reply(id, text_result(open_descriptors()));
    if (name == "signals") return reply(id, text_result(signals()));
    if (name == "arguments") return reply(id, text_result(Json(arguments_).dump()));
    if (name == "folder") return reply(id, text_result(std::filesystem::current_path().string()));
    if (name == "process") return reply(id, text_result(std::to_string(::getpid())));
    if (name == "child") return reply(id, text_result(start_child()));
    say(Json{{"jsonrpc", "2.0"},
             {"id", id},
             {"error", {{"code", -32602}, {"message", "no tool " + name}}}});
  }

  // Answers what it holds, the last first, then this.
  void release(const Json& id) {
    for (; !held_.empty(); held_.pop_back())
      reply(held_.back(), text_result("held " + held_.back().dump()));
    reply(id, text_result("released"));
  }

  Json script_, tools_, asked_;
  std::vector<Json> held_;
  std::vector<std::string> arguments_;
  std::ofstream log_;
};

}  // namespace

int main(int argc, char** argv) {
  Json script = argc > 1 ? read_script(argv[1]) : Json::object();
  if (script.value("stubborn", false)) ::signal(SIGTERM, SIG_IGN);
  Server(std::move(script), argc, argv).run();
}
