/// What the tests of the engine share: calls over loopback sockets, and how they ended.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dirent.h>

#include "lian/core/context.hpp"
#include "lian/core/error.hpp"
#include "lian/core/http_transport.hpp"
#include "lian/core/runtime.hpp"
#include "lian/core/sleep.hpp"
#include "lian/model/registry.hpp"
#include "support/openai_server.hpp"
#include "support/raw_server.hpp"

namespace lian::test {

using std::chrono::milliseconds;

// How much longer computing (reading certificates, say) may take under a sanitizer.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr double slowness = 5;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
inline constexpr double slowness = 5;
#else
inline constexpr double slowness = 1;
#endif
#else
inline constexpr double slowness = 1;
#endif

inline ChatModel model_at(const std::string& base_url, ModelConfig config = ModelConfig(),
                          const std::string& name = "gpt-4o-mini") {
  return chat_model("openai:" + name, config.base_url(base_url).api_key(OpenAiServer::key()));
}

/// A context that makes one request a call.
inline Context once(Runtime& runtime) { return Context::root().with(runtime).with_tries(1); }

/// How a call ended: with an answer, or with an error of some kind.
struct Outcome {
  bool ok = false;
  AIMessage message;  // the answer; of a failed stream what came
  std::optional<ErrorKind> kind;
  std::string what, provider, model, host, body;
  int status = 0;
  bool api = false, truncated = false;
  std::string kept;   // the partial text inside a TruncatedError
  std::string limit;  // the name inside a LimitError
  double ms = 0;
};

template <class Call>
Outcome outcome_of(Call call) {
  Outcome out;
  const auto start = std::chrono::steady_clock::now();
  try {
    call(out);
    out.ok = true;
  } catch (const Error& error) {
    out.kind = error.kind();
    out.what = error.what();
    if (const auto* api = dynamic_cast<const ApiError*>(&error)) {
      out.api = true;
      out.provider = api->provider;
      out.model = api->model;
      out.host = api->host;
      out.status = api->status;
      out.body = api->body;
    }
    if (const auto* cut = dynamic_cast<const TruncatedError*>(&error)) {
      out.truncated = true;
      out.kept = cut->partial;
    }
    if (const auto* parse = dynamic_cast<const ParseError*>(&error)) out.body = parse->text;
    if (const auto* limit = dynamic_cast<const LimitError*>(&error)) out.limit = limit->name;
  }
  out.ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return out;
}

inline Outcome invoke(const ChatModel& model, const Context& context) {
  return outcome_of([&](Outcome& out) { out.message = model.invoke("hi", context); });
}

inline Outcome stream(const ChatModel& model, const Context& context) {
  return outcome_of([&](Outcome& out) {
    auto pieces = model.stream("hi", context);
    while (ChatPiece* piece = pieces.next()) append(out.message, std::move(*piece));
    finish(out.message);
  });
}

/// The wall time of the quickest of three runs, or of the first that is quick enough: what else the
/// machine does meanwhile is not judged.
template <class Run>
double quickest(double enough, Run run) {
  double best = run();
  for (int i = 0; i < 2 && best > enough; ++i) best = std::min(best, run());
  return best;
}

inline std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder)) ++count;
  closedir(folder);
  return count;
}

/// A value that the test changes and the server's thread reads.
template <class T>
class Guarded {
 public:
  explicit Guarded(T value = T()) : value_(std::move(value)) {}
  void set(T value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
  }
  T get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

/// Keeps the events of a run as text.
class Recorder : public Handler {
 public:
  void on_event(const Event& event) override {
    const std::lock_guard lock(mutex_);
    text_ += std::string(to_string(event.type)) + " " + std::string(event.name) + " ";
    text_ += std::string(event.message) + " " + event.data.text();
    if (event.error) text_ += std::string(" ") + event.error->what();
    text_ += '\n';
    if (event.type == EventType::retry) ++retries_;
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  int retries() const {
    const std::lock_guard lock(mutex_);
    return retries_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
  int retries_ = 0;
};

/// The events of a small streamed answer.
inline std::vector<std::string> small_events(const std::vector<std::string>& pieces) {
  std::vector<std::string> events;
  for (const std::string& piece : pieces)
    events.push_back(R"({"choices":[{"index":0,"delta":{"content":")" + piece + "\"}}]}");
  events.push_back(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})");
  events.push_back("[DONE]");
  return events;
}

inline std::string small_json(const std::string& text) {
  return R"({"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":")" + text +
         R"("},"finish_reason":"stop"}]})";
}

/// A listening socket that accepts in the kernel and never says a word.
class SilentListener {
 public:
  SilentListener();
  ~SilentListener();
  SilentListener(const SilentListener&) = delete;
  SilentListener& operator=(const SilentListener&) = delete;
  int port() const { return port_; }

 private:
  int fd_, port_;
};

/// A port of 127.0.0.1 on which nobody listens.
int closed_port();

}  // namespace lian::test
