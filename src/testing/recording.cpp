#include "lian/testing/recording.hpp"

#include <sys/stat.h>

#include "testing/recording_transport.hpp"
#include "testing/run_log.hpp"

namespace lian {
inline namespace v0 {
namespace testing {

namespace {

bool exists(const std::string& path) {
  struct stat about = {};
  return ::stat(path.c_str(), &about) == 0;
}

// Hands on to the transport of a runtime that it keeps.
class RuntimeTransport final : public HttpTransport {
 public:
  explicit RuntimeTransport(const RuntimeOptions& options) : runtime_(options) {}
  Task<HttpResponse> send(HttpRequest request, HttpLimits limits) override {
    return runtime_.http().send(std::move(request), limits);
  }
  Task<HttpReply> fetch(HttpRequest request, HttpLimits limits) override {
    return runtime_.http().fetch(std::move(request), limits);
  }

 private:
  Runtime runtime_;
};

}  // namespace

struct Recording::State {
  State(const std::string& file, RecordingMode mode, RuntimeOptions options) : path(file) {
    const bool replays =
        mode == RecordingMode::replay || (mode == RecordingMode::automatic && exists(path));
    if (replays) {
      RecordingData data = load_recording(path);
      shelf = std::make_shared<ExchangeShelf>(path, std::move(data.exchanges));
      replay = std::make_shared<RunReplay>(std::move(data.runs));
      options.transport(replaying_transport(shelf));
      runtime = std::make_unique<Runtime>(std::move(options));
      return;
    }
    log = std::make_shared<ExchangeLog>();
    options.transport(recording_transport(std::make_shared<RuntimeTransport>(options), log));
    runtime = std::make_unique<Runtime>(std::move(options));
    runs = std::make_shared<RunLog>(*runtime);
  }

  void save() {
    if (!log) return;
    RecordingData data;
    data.exchanges = log->exchanges();
    data.runs = runs->runs();
    save_recording(path, data);
  }

  const std::string path;
  std::unique_ptr<Runtime> runtime;
  std::shared_ptr<ExchangeShelf> shelf;  // of a replay
  std::shared_ptr<RunReplay> replay;
  std::shared_ptr<ExchangeLog> log;  // of a recording
  std::shared_ptr<RunLog> runs;
};

Recording::Recording(const std::string& path, RecordingMode mode, RuntimeOptions options)
    : state_(std::make_unique<State>(path, mode, std::move(options))) {}

Recording::~Recording() {
  try {
    state_->save();
  } catch (const Error&) {
    return;  // `save` tells; a destructor cannot
  }
}

bool Recording::replays() const noexcept { return state_->replay != nullptr; }

Context Recording::context(const Context& outer) const {
  std::shared_ptr<RunSource> source = state_->runs;
  if (state_->replay) source = state_->replay;
  return outer.with(*state_->runtime).with_run_source(std::move(source));
}

Runtime& Recording::runtime() const noexcept { return *state_->runtime; }
void Recording::save() { state_->save(); }
std::size_t Recording::unused() const { return state_->shelf ? state_->shelf->unused() : 0; }
std::string Recording::diverged() const {
  return state_->replay ? state_->replay->diverged() : std::string();
}

}  // namespace testing
}  // namespace v0
}  // namespace lian
