#include "lian/callback/trace_handler.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <system_error>
#include <unordered_map>

#include <fmt/format.h>

#include "callback/trace_run.hpp"

namespace lian {
inline namespace v0 {

namespace {

[[noreturn]] void fail(const std::string& path, std::string_view what) {
  const int code = errno;
  throw Error(ErrorKind::storage, fmt::format("the trace file {} cannot be {}: {}", path, what,
                                              std::generic_category().message(code)));
}

// A file that lines are appended to, whole or not at all.
class LineFile {
 public:
  explicit LineFile(const std::string& path)
      : path_(path),
        fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR)) {
    if (fd_ < 0) fail(path_, "opened");
  }
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;
  ~LineFile() { ::close(fd_); }

  void append(std::string_view lines) {
    if (cut_) {
      if (::write(fd_, "\n", 1) != 1) fail(path_, "written");
      cut_ = false;
    }
    while (!lines.empty()) {
      const ssize_t count = ::write(fd_, lines.data(), lines.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail(path_, "written");
      lines.remove_prefix(static_cast<std::size_t>(count));
      cut_ = !lines.empty();
    }
  }

 private:
  std::string path_;
  int fd_;
  bool cut_ = false;  // the last line is not whole
};

}  // namespace

struct TraceHandler::State {
  State(const std::string& path, TraceOptions trace_options) : options(trace_options), file(path) {}

  void start(const Event& event) {
    const auto found = open.find(event.parent_id);
    TraceRun* const parent = found == open.end() ? nullptr : found->second;
    if (parent && parent->root->runs >= options.max_runs()) {
      ++parent->root->dropped;
      return;
    }
    auto run = std::make_unique<TraceRun>(event, options);
    TraceRun* const added = run.get();
    added->root = parent ? parent->root : added;
    open[event.run_id] = added;
    if (parent) {
      ++parent->root->runs;
      parent->children.push_back(std::move(run));
    } else {
      roots[event.run_id] = std::move(run);
    }
  }
  // A root's lines; its whole tree is forgotten, with what is still open in it.
  std::string close(TraceRun& run) {
    std::string lines;
    if (run.root != &run) {
      open.erase(run.id);
      return lines;
    }
    run.write(lines, trace_id(run.id), std::string(), options);
    const std::unique_ptr<TraceRun> tree = std::move(roots[run.id]);
    roots.erase(tree->id);
    forget(*tree);
    return lines;
  }
  void forget(const TraceRun& run) {
    open.erase(run.id);
    for (const auto& child : run.children) forget(*child);
  }
  std::string take(const Event& event) {
    if (event.type == EventType::start) return start(event), std::string();
    const auto it = open.find(event.run_id);
    if (it == open.end()) return alone(event);
    TraceRun& run = *it->second;
    if (event.type == EventType::piece) return run.piece(event, options), std::string();
    if (event.type == EventType::end || event.type == EventType::error) {
      run.end(event, options);
      return close(run);
    }
    run.note(event, options);
    return std::string();
  }
  // What no run tells is a line of its own; what a dropped run tells is dropped with it.
  std::string alone(const Event& event) const {
    std::string line;
    if (event.run_id != 0) return line;
    append_event(line, event, options);
    return line += '\n';
  }

  const TraceOptions options;
  mutable std::mutex mutex;  // guards what follows
  LineFile file;
  std::unordered_map<RunId, TraceRun*> open;
  std::unordered_map<RunId, std::unique_ptr<TraceRun>> roots;
};

TraceHandler::TraceHandler(const std::string& path, TraceOptions options)
    : state_(std::make_unique<State>(path, options)) {}
TraceHandler::~TraceHandler() = default;

void TraceHandler::on_event(const Event& event) {
  const std::lock_guard lock(state_->mutex);
  const std::string lines = state_->take(event);
  if (!lines.empty()) state_->file.append(lines);
}

std::size_t TraceHandler::open_runs() const {
  const std::lock_guard lock(state_->mutex);
  return state_->open.size();
}

}  // namespace v0
}  // namespace lian
