#include "commands.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "lian/core/error.hpp"

namespace {

constexpr std::string_view help =
    "/new [NAME]      begin a session, named by the time if not by you\n"
    "/use NAME        go on with a session\n"
    "/sessions        list the sessions, the last used first\n"
    "/history [N]     show the session, or its last N messages\n"
    "/clear           forget the session for good\n"
    "/help            this\n"
    "/quit            end; so does the end of the input\n"
    "//text           say \"/text\" to the model\n"
    "Ctrl-C ends a reply, of which nothing is kept then; at the prompt press it twice to end.\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

[[noreturn]] void refuse(const std::string& why) {
  throw lian::Error(lian::ErrorKind::validation, why + "; /help lists the commands");
}

std::string local_time(std::int64_t time_us) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}",
                     fmt::localtime(static_cast<std::time_t>(time_us / 1'000'000)));
}

std::string name_of_now() {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(std::time(nullptr)));
}

// Control characters would be obeyed by the terminal.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](unsigned char c) { return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f; }, '?');
  return text;
}

}  // namespace

Sessions::Sessions(std::shared_ptr<lian::ChatHistoryStore> store, std::string session)
    : store_(store), history_(std::move(store), std::move(session)) {}

bool Sessions::run(std::string_view line) {
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view command = line.substr(0, end);
  const std::string_view argument = trimmed(line.substr(end));
  if (command == "/quit" || command == "/exit") return false;
  if (command == "/help")
    fmt::print("{}", help);
  else if (command == "/new")
    begin(argument.empty() ? name_of_now() : std::string(argument));
  else if (command == "/use" && !argument.empty())
    history_ = lian::ChatMessageHistory(store_, std::string(argument));
  else if (command == "/sessions")
    list();
  else if (command == "/history")
    show(argument);
  else if (command == "/clear")
    history_.clear();
  else
    refuse(fmt::format("there is no command \"{}\"", printable(std::string(line))));
  if (command == "/use" || command == "/new")
    fmt::print("session {}: {} messages\n", printable(current()), history_.size());
  return true;
}

void Sessions::begin(std::string name) {
  lian::ChatMessageHistory fresh(store_, std::move(name));
  if (fresh.size() > 0) refuse(fmt::format("there is a session \"{}\"; /use it", fresh.session()));
  history_ = std::move(fresh);
}

void Sessions::list() const {
  for (const lian::SessionInfo& session : store_->sessions())
    fmt::print("{} {}  {} messages, {}\n", session.id == current() ? '*' : ' ',
               printable(session.id), session.messages, local_time(session.updated_us));
}

void Sessions::show(std::string_view count) const {
  lian::HistoryPage page;
  if (!count.empty()) {
    std::size_t n = 0;
    const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), n);
    if (error != std::errc() || end != count.data() + count.size())
      refuse(fmt::format("\"{}\" is no number of messages", printable(std::string(count))));
    page.newest(true).limit(n);
  }
  const lian::Messages messages = history_.messages(page);
  if (!messages.empty())
    fmt::print("{}\n", printable(lian::buffer_string(messages, "you", "model")));
}
