#include "lian/core/stop_on.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

namespace {
// What the signal handler may touch: it only writes the signal's number into this pipe.
std::atomic<int> handler_pipe{-1};

void on_signal(int number) {
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(number);
  [[maybe_unused]] const auto n = ::write(handler_pipe.load(), &byte, 1);
  errno = saved;
}
}  // namespace

struct StopOn::State {
  ~State();
  void listen() {
    unsigned char number = 0;
    while (next_signal(number)) {
      std::stop_source now;
      {
        const std::lock_guard lock(mutex);
        restore(number);
        now = source;
      }
      now.request_stop();
    }
  }
  bool next_signal(unsigned char& number) const {
    ssize_t n = 0;
    do n = ::read(read_end, &number, 1);
    while (n < 0 && errno == EINTR);
    return n == 1 && number != 0;
  }
  void arm(int number) {
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    struct sigaction before {};
    if (sigaction(number, &action, &before) != 0)
      throw Error(ErrorKind::config, "stop_on: signal " + std::to_string(number) +
                                         " cannot be handled: " + std::strerror(errno));
    old.emplace(number, before);
  }
  void restore(int number) {
    const auto it = old.find(number);
    if (it == old.end()) return;
    sigaction(number, &it->second, nullptr);
    old.erase(it);
  }

  std::vector<int> signals;
  int read_end = -1, write_end = -1;
  std::mutex mutex;
  std::map<int, struct sigaction> old;  // dispositions to restore, of the signals that are armed
  std::stop_source source;
  std::thread listener;
};

StopOn::StopOn(std::vector<int> signals) : state_(std::make_unique<State>()) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw Error(ErrorKind::config, std::string("stop_on: no pipe: ") + std::strerror(errno));
  int none = -1;
  if (!handler_pipe.compare_exchange_strong(none, ends[1])) {
    ::close(ends[0]);
    ::close(ends[1]);
    throw Error(ErrorKind::config, "stop_on: another StopOn is alive; share its token instead");
  }
  state_->read_end = ends[0];
  state_->write_end = ends[1];
  state_->signals = std::move(signals);
  state_->listener = std::thread([state = state_.get()] { state->listen(); });
  const std::lock_guard lock(state_->mutex);
  for (const int number : state_->signals) state_->arm(number);
}

StopOn::~StopOn() = default;

StopOn::State::~State() {
  {
    const std::lock_guard lock(mutex);
    for (const int number : signals) restore(number);
  }
  if (write_end < 0) return;
  const unsigned char end = 0;
  [[maybe_unused]] const auto n = ::write(write_end, &end, 1);
  if (listener.joinable()) listener.join();
  handler_pipe.store(-1);
  ::close(read_end);
  ::close(write_end);
}

std::stop_token StopOn::token() const noexcept {
  const std::lock_guard lock(state_->mutex);
  return state_->source.get_token();
}

std::stop_token StopOn::renew() {
  const std::lock_guard lock(state_->mutex);
  state_->source = std::stop_source();
  for (const int number : state_->signals)
    if (!state_->old.contains(number)) state_->arm(number);
  return state_->source.get_token();
}

}  // namespace v0
}  // namespace lian
