#include "lian/core/runtime.hpp"

#include <sys/random.h>

#include <algorithm>
#include <thread>

#include <curl/curl.h>

#include "core/runtime_access.hpp"
#include "net/runtime_state.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t base_threads = 4;
constexpr std::size_t max_idle_loops = 16;

std::uint64_t seed() {
  std::uint64_t bits = 0;
  if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) == sizeof bits) return bits;
  return static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
}

// libcurl's own start-up is thread-safe since 7.84 and counts its calls.
RuntimeOptions start_libcurl(RuntimeOptions options) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    throw Error(ErrorKind::config, "libcurl could not be started");
  return options;
}

}  // namespace

Runtime::State::State(RuntimeOptions runtime_options)
    : options(start_libcurl(std::move(runtime_options))),
      proxies(ProxySettings::from_environment()),
      transport(options.transport() ? options.transport() : std::make_shared<CurlTransport>()),
      next_run((seed() >> 16) | 1),  // ids of two processes seldom meet in one trace
      random(seed()),
      pool(std::max<std::size_t>(base_threads, std::thread::hardware_concurrency()),
           options.blocking_threads()) {}

Runtime::Runtime(RuntimeOptions options) : state_(std::make_shared<State>(std::move(options))) {}

Runtime::~Runtime() {
  if (state_->own) {
    const detail::Driving driving(*state_->own);
    state_->started.clear();
  }
  state_->own.reset();
  const std::lock_guard lock(state_->mutex);
  state_->idle.clear();
}

Runtime& Runtime::shared() {
  static Runtime* const runtime = new Runtime();
  return *runtime;
}

const RuntimeOptions& Runtime::options() const noexcept { return state_->options; }
HttpTransport& Runtime::http() const noexcept { return *state_->transport; }

void Runtime::release_idle() {
  std::vector<std::unique_ptr<UvLoop>> idle;
  {
    const std::lock_guard lock(state_->mutex);
    idle.swap(state_->idle);
  }
  idle.clear();
  state_->pool.release_idle();
}

// ------------------------------------------------------------------ a loop of the program's own

// A task that runs inside poll(); kept until it has ended.
struct Runtime::State::Started {
  detail::RootResult<void> result;
  Function<void(std::exception_ptr)> done;
  std::optional<detail::Root> root;
};

namespace {
UvLoop& own_loop(Runtime& runtime) {
  auto& own = runtime.state().own;
  if (!own) own = std::make_unique<UvLoop>(runtime);
  return *own;
}
}  // namespace

int Runtime::fd() { return own_loop(*this).fd(); }

void Runtime::start(Task<void> task, Function<void(std::exception_ptr)> done) {
  UvLoop& loop = own_loop(*this);
  auto started = std::make_unique<State::Started>();
  started->done = std::move(done);
  started->root.emplace(detail::run_root<void>(std::move(task), &started->result));
  state_->started.push_back(std::move(started));
  loop.first_run(state_->started.back()->root->handle());
}

void Runtime::poll() {
  UvLoop& loop = own_loop(*this);
  const detail::Driving driving(loop);
  loop.poll();
  auto& started = state_->started;
  for (std::size_t i = 0; i < started.size();) {
    if (!started[i]->result.done) {
      ++i;
      continue;
    }
    const auto ended = std::move(started[i]);
    started.erase(started.begin() + static_cast<std::ptrdiff_t>(i));
    if (ended->done) ended->done(ended->result.error);
  }
}

// ------------------------------------------------------------------ leases

namespace detail {

RunId next_run_id(Runtime& runtime) noexcept { return runtime.state().next_run.fetch_add(1); }

// SplitMix64 (Steele, Lea, Flood 2014) over a counter that starts at a random place.
std::uint64_t random_bits(Runtime& runtime) noexcept {
  std::uint64_t z = runtime.state().random.fetch_add(0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

double random_unit(const Context& context) {
  return static_cast<double>(random_bits(context) >> 11) * 0x1.0p-53;
}

Lease::Lease(Runtime& runtime) : loop_(nullptr) {
  const auto state = runtime.shared_state();
  std::unique_ptr<UvLoop> loop;
  {
    const std::lock_guard lock(state->mutex);
    if (!state->idle.empty()) {
      loop = std::move(state->idle.back());
      state->idle.pop_back();
    }
  }
  if (!loop) loop = std::make_unique<UvLoop>(runtime);
  loop_ = loop.release();
  runtime_ = state;
}

Lease::Lease(Lease&& other) noexcept
    : runtime_(std::move(other.runtime_)), loop_(std::exchange(other.loop_, nullptr)) {}

Lease::~Lease() {
  if (!loop_) return;
  std::unique_ptr<UvLoop> loop(static_cast<UvLoop*>(loop_));
  const std::lock_guard lock(runtime_->mutex);
  if (runtime_->idle.size() < max_idle_loops) runtime_->idle.push_back(std::move(loop));
}

bool OffloadWait::attach() {
  job_->waiter_ = this;
  loop().runtime().state().pool.submit(job_, loop().mailbox());
  return true;
}

void Job::run() noexcept {
  if (waiter_) std::exchange(waiter_, nullptr)->wake();
}

}  // namespace detail

}  // namespace v0
}  // namespace lian
