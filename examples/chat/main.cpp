// Talks with a model, in sessions kept in an SQLite file: with_message_history over a stream.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "commands.hpp"
#include "lian/callback/console_handler.hpp"
#include "lian/core/pipe.hpp"
#include "lian/core/stop_on.hpp"
#include "lian/core/utf8.hpp"
#include "lian/memory/sqlite_chat_history_store.hpp"
#include "lian/memory/trim_messages.hpp"
#include "lian/memory/with_message_history.hpp"
#include "lian/model/output_parser.hpp"
#include "lian/model/prompt.hpp"
#include "lian/model/registry.hpp"
#include "options.hpp"

namespace {

constexpr int exit_error = 1;
using Chain = lian::Runnable<lian::Values, std::string>;

// Shows what deserves a line although nothing failed: retries, mapped settings, repaired replies.
class Notices final : public lian::Handler {
 public:
  void on_event(const lian::Event& event) override {
    if (event.type == lian::EventType::warning || event.type == lian::EventType::retry)
      fmt::print(stderr, "chat: {}: {}\n", event.name, event.message);
  }
};

lian::Messages with_question(lian::Messages messages) {
  if (!messages.empty() && messages.back().role == lian::Role::user) return messages;
  throw lian::Error(lian::ErrorKind::context_length,
                    "the message alone is longer than --context-tokens permits");
}

Chain make_chain(const ChatOptions& options, const std::shared_ptr<lian::ChatHistoryStore>& store) {
  const lian::ChatPromptTemplate prompt({lian::literal(lian::system(options.system)),
                                         lian::MessagesPlaceholder("history"),
                                         lian::user("{input}")});
  lian::TrimOptions newest(options.context_tokens);
  newest.include_system(true).start_on({lian::Role::user});
  const auto reply = prompt | lian::trim_messages(newest) | with_question |
                     lian::chat_model(options.model) | lian::StrOutputParser();
  return lian::with_message_history(
      reply, store,
      lian::MessageHistoryOptions().input_messages_key("input").history_messages_key("history"));
}

void flush_output() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  throw lian::Error(lian::ErrorKind::storage, "the reply cannot be written to the output");
}

// Prints the reply as it comes. Once it has ended, the turn is kept, and only then it is said so.
void talk(const Chain& chain, const Sessions& sessions, const std::string& text,
          const lian::Context& context) {
  if (!lian::utf8::is_valid(text))
    throw lian::Error(lian::ErrorKind::validation,
                      "the message is not UTF-8; write it in a UTF-8 terminal or convert it");
  bool begun = false;
  try {
    const auto in_session = context.with_metadata("session_id", sessions.current());
    for (const std::string& piece : chain.stream(lian::values("input", text), in_session)) {
      fmt::print("{}", piece);
      std::fflush(stdout);
      begun = begun || !piece.empty();
    }
  } catch (const lian::Error&) {
    if (begun) fmt::print("\n");  // what was printed is no reply; the error stands on its own line
    throw;
  }
  fmt::print("\n");
  flush_output();
  fmt::print(stderr, "[{} messages kept]\n", sessions.history().size());
}

// One line of the user's; false when it ends the program.
bool obey(const Chain& chain, Sessions& sessions, std::string line, const lian::Context& context) {
  while (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.find_first_not_of(" \t") == line.npos) return true;
  if (line.starts_with("//"))
    line.erase(0, 1);
  else if (line.starts_with('/'))
    return sessions.run(line);
  talk(chain, sessions, line, context);
  return true;
}

// Until the end of the input; says whether nothing failed.
bool converse(const Chain& chain, Sessions& sessions, const lian::Context& context) {
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  bool all_well = true;
  lian::StopOn interrupt = lian::stop_on(SIGINT);
  std::string line;
  while (true) {
    if (terminal) fmt::print(stderr, "> ");
    if (!std::getline(std::cin, line)) break;
    try {
      const bool goes_on = obey(chain, sessions, line, context.with_stop(interrupt.renew()));
      flush_output();
      if (!goes_on) return all_well;
    } catch (const lian::Error& error) {
      std::fflush(stdout);
      if (error.kind() == lian::ErrorKind::cancelled) {
        fmt::print(stderr, "chat: stopped; nothing of this turn is kept\n");
        continue;
      }
      fmt::print(stderr, "chat: {}\n", error.what());
      all_well = false;
    }
  }
  if (terminal) fmt::print(stderr, "\n");
  return all_well;
}

bool run(ChatOptions& options) {
  std::shared_ptr<lian::Handler> handler = std::make_shared<Notices>();
  if (options.verbose)
    handler = std::make_shared<lian::ConsoleHandler>(lian::ConsoleOptions().contents(true));
  const lian::RuntimeOptions settings = lian::RuntimeOptions().ca_file(options.ca_file);
  lian::Runtime runtime(settings);
  const lian::Context context =
      options.recording.context(lian::Context().with(runtime), settings).with_handler(handler);
  const auto store = std::make_shared<lian::SqliteChatHistoryStore>(store_path(options));
  const Chain chain = make_chain(options, store);
  Sessions sessions(store, options.session);
  if (::isatty(STDIN_FILENO) == 1)
    fmt::print(stderr, "session {} of {} messages with {}; /help tells the commands\n",
               sessions.current(), sessions.history().size(), options.model);
  const bool all_well = converse(chain, sessions, context);
  options.recording.save();
  return all_well;
}

}  // namespace

int main(int argc, char** argv) {
  ChatOptions options;
  parse_options(argc, argv, options);
  try {
    return run(options) ? 0 : exit_error;
  } catch (const std::exception& error) {
    std::fflush(stdout);
    fmt::print(stderr, "chat: {}\n", error.what());
  }
  return exit_error;
}
