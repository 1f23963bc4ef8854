#include "lian/callback/console_handler.hpp"

#include <map>
#include <mutex>
#include <string>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include "core/redact.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t shown_characters = 200;

struct Open {
  int depth = 0;
  std::int64_t start_us = 0;
};

// One line, credentials removed, cut at a character's end.
std::string shown(const Payload& data) {
  std::string text = redact(data.text());
  for (char& c : text)
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  if (text.size() <= shown_characters) return text;
  std::size_t end = shown_characters;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

}  // namespace

struct ConsoleHandler::State {
  explicit State(ConsoleOptions console_options)
      : options(console_options),
        logger("lian", std::make_shared<spdlog::sinks::stderr_color_sink_mt>()) {
    logger.set_pattern("%H:%M:%S.%e %^%v%$");
  }

  Open find(RunId id) const {
    const auto it = open.find(id);
    return it == open.end() ? Open() : it->second;
  }
  void start(const Event& event) {
    const auto parent = open.find(event.parent_id);
    Open run;
    run.depth = parent == open.end() ? 0 : parent->second.depth + 1;
    run.start_us = event.time_us;
    open[event.run_id] = run;
    if (options.only_problems()) return;
    logger.info("{:{}}> {} {}{}", "", 2 * run.depth, to_string(event.kind), event.name,
                content(event));
  }
  void end(const Event& event) {
    const Open run = find(event.run_id);
    open.erase(event.run_id);
    const double ms = static_cast<double>(event.time_us - run.start_us) / 1000;
    if (event.type == EventType::error)
      logger.error("{:{}}! {} {} failed after {:.1f} ms: {}", "", 2 * run.depth,
                   to_string(event.kind), event.name, ms,
                   event.error ? redact(event.error->what()) : std::string());
    else if (!options.only_problems())
      logger.info("{:{}}< {} {} {:.1f} ms{}", "", 2 * run.depth, to_string(event.kind), event.name,
                  ms, content(event));
  }
  std::string content(const Event& event) const {
    if (!options.contents() || event.data.empty()) return {};
    return ": " + shown(event.data);
  }

  ConsoleOptions options;
  std::mutex mutex;
  spdlog::logger logger;
  std::map<RunId, Open> open;
};

ConsoleHandler::ConsoleHandler(ConsoleOptions options) : state_(std::make_unique<State>(options)) {}
ConsoleHandler::~ConsoleHandler() = default;

void ConsoleHandler::on_event(const Event& event) {
  const std::lock_guard lock(state_->mutex);
  switch (event.type) {
    case EventType::start:
      return state_->start(event);
    case EventType::end:
    case EventType::error:
      return state_->end(event);
    case EventType::warning:
    case EventType::retry:
      return state_->logger.warn("{}: {}", event.name, redact(event.message));
    case EventType::custom:
      if (!state_->options.only_problems())
        state_->logger.info("{}: {}", event.name, redact(event.message));
      return;
    case EventType::agent_action:
    case EventType::piece:
      return;
  }
}

}  // namespace v0
}  // namespace lian
