#include "lian/callback/streaming_handler.hpp"

#include <cstdio>
#include <map>
#include <mutex>

namespace lian {
inline namespace v0 {

namespace {

void write_stdout(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Where the prefix that begins at `at` ends; npos when it does not stand there in whole.
std::size_t prefix_end(std::string_view text, std::size_t at,
                       const std::vector<std::string>& tokens, bool strip) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    while (strip && i > 0 && at < text.size() && is_space(text[at])) ++at;
    if (!text.substr(at).starts_with(tokens[i])) return std::string_view::npos;
    at += tokens[i].size();
  }
  return at;
}

std::string stripped(const std::string& token) {
  std::size_t begin = 0, end = token.size();
  while (begin < end && is_space(token[begin])) ++begin;
  while (end > begin && is_space(token[end - 1])) --end;
  return token.substr(begin, end - begin);
}

constexpr std::size_t kept_bytes = 1024;  // of the text before an answer, for a cut prefix

}  // namespace

struct StreamingHandler::State {
  explicit State(Write to) : write(std::move(to)) {}
  std::mutex mutex;
  Write write;
};

StreamingHandler::StreamingHandler() : StreamingHandler(Write(&write_stdout)) {}
StreamingHandler::StreamingHandler(Write write)
    : state_(std::make_unique<State>(std::move(write))) {}
StreamingHandler::~StreamingHandler() = default;

void StreamingHandler::on_llm_new_token(std::string_view token, const Event&) {
  if (token.empty()) return;
  const std::lock_guard lock(state_->mutex);
  state_->write(token);
}

struct FinalAnswerStreamingHandler::State {
  State(FinalAnswerOptions answer_options, StreamingHandler::Write to)
      : options(std::move(answer_options)), write(std::move(to)) {
    for (const std::string& token : options.answer_prefix_tokens()) {
      std::string wanted = options.strip_tokens() ? stripped(token) : token;
      if (!wanted.empty()) prefix.push_back(std::move(wanted));
    }
    if (prefix.empty())
      throw Error(ErrorKind::config, "FinalAnswerOptions::answer_prefix_tokens is empty");
  }
  struct Reply {
    std::string before;  // the end of what came so far
    bool answering = false;
  };

  void add(Reply& reply, std::string_view token) {
    if (reply.answering) return write(token);
    reply.before += token;
    for (std::size_t at = 0; at < reply.before.size(); ++at) {
      const std::size_t end = prefix_end(reply.before, at, prefix, options.strip_tokens());
      if (end == std::string_view::npos) continue;
      const std::string shown = reply.before.substr(options.stream_prefix() ? at : end);
      reply.answering = true;
      reply.before.clear();
      if (!shown.empty()) write(shown);
      return;
    }
    if (reply.before.size() > 2 * kept_bytes)
      reply.before.erase(0, reply.before.size() - kept_bytes);
  }

  const FinalAnswerOptions options;
  std::vector<std::string> prefix;
  std::mutex mutex;  // guards what follows
  StreamingHandler::Write write;
  std::map<RunId, Reply> replies;
};

FinalAnswerStreamingHandler::FinalAnswerStreamingHandler(FinalAnswerOptions options)
    : FinalAnswerStreamingHandler(std::move(options), StreamingHandler::Write(&write_stdout)) {}
FinalAnswerStreamingHandler::FinalAnswerStreamingHandler(FinalAnswerOptions options,
                                                         StreamingHandler::Write write)
    : state_(std::make_unique<State>(std::move(options), std::move(write))) {}
FinalAnswerStreamingHandler::~FinalAnswerStreamingHandler() = default;

void FinalAnswerStreamingHandler::on_llm_start(const Event& event) {
  const std::lock_guard lock(state_->mutex);
  state_->replies[event.run_id] = State::Reply();
}

void FinalAnswerStreamingHandler::on_llm_new_token(std::string_view token, const Event& event) {
  const std::lock_guard lock(state_->mutex);
  const auto it = state_->replies.find(event.run_id);
  if (it != state_->replies.end() && !token.empty()) state_->add(it->second, token);
}

void FinalAnswerStreamingHandler::on_llm_end(const Event& event) {
  const std::lock_guard lock(state_->mutex);
  state_->replies.erase(event.run_id);
}

void FinalAnswerStreamingHandler::on_llm_error(const Error&, const Event& event) {
  const std::lock_guard lock(state_->mutex);
  state_->replies.erase(event.run_id);
}

}  // namespace v0
}  // namespace lian
