// What the loop, libcurl and the process may do to an exchange, and it to them.
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "lian/core/sleep.hpp"
#include "lian/core/when_all.hpp"
#include "net/http_support.hpp"
#include "support/catch.hpp"
#include "support/raw_server.hpp"

namespace lian {
namespace {

using std::chrono::milliseconds;
using test::Ending;
using test::post;
using test::RawServer;
using test::Reply;
using test::Request;
using test::ServerOptions;

const std::string half(1000, 'a');

// By path: an answer, the first half of one, a reset, silence.
Reply by_path(const Request& request) {
  if (request.path() == "/reset") return Reply::nothing(Ending::reset);
  if (request.path() == "/silent") return Reply::nothing(Ending::stall);
  const Reply whole = Reply::http(200, {}, half + half);
  if (request.path() == "/half") return Reply(whole).cut_body(half.size(), Ending::stall);
  return whole;
}

class Tour {
 public:
  Tour(Runtime& runtime, std::string base) : runtime_(&runtime), base_(std::move(base)) {}

  // Behind each way of being resumed, does what libcurl refuses inside its callbacks.
  Task<void> behind_all() {
    co_await behind_bytes();
    Task<void> reset = behind_error("/reset", HttpLimits(), ErrorKind::network);
    co_await std::move(reset);
    const HttpLimits limits = HttpLimits().first_byte_timeout(milliseconds(20));
    Task<void> timer = behind_error("/silent", limits, ErrorKind::timeout);
    co_await std::move(timer);
    co_await behind_drop();
  }
  int answers() const noexcept { return answers_; }
  const std::set<std::thread::id>& threads() const noexcept { return threads_; }

 private:
  Task<void> use_libcurl() {
    threads_.insert(std::this_thread::get_id());
    Task<HttpReply> asking = runtime_->http().fetch(post(base_ + "/whole"), HttpLimits());
    const HttpReply reply = co_await std::move(asking);
    threads_.insert(std::this_thread::get_id());
    answers_ += reply.body.size() == 2 * half.size() ? 1 : 0;
    Task<HttpReply> nested = runtime_->http().fetch(post(base_ + "/whole"), HttpLimits());
    answers_ += block_on(std::move(nested), *runtime_).status == 200 ? 1 : 0;
  }
  Task<HttpResponse> open(std::string path) {
    HttpRequest request = post(base_ + path);
    request.stream = true;
    return runtime_->http().send(std::move(request), HttpLimits());
  }
  Task<void> behind_bytes() {
    Task<HttpResponse> opening = open("/half");
    HttpResponse response = co_await std::move(opening);
    co_await use_libcurl();
    if (co_await response.body.next()) co_await use_libcurl();
  }
  Task<void> behind_error(std::string path, HttpLimits limits, ErrorKind wanted) {
    bool failed = false;
    try {
      Task<HttpReply> asking = runtime_->http().fetch(post(base_ + path), limits);
      co_await std::move(asking);
    } catch (const Error& error) {
      failed = error.kind() == wanted;
    }
    if (failed) co_await use_libcurl();
  }
  // Bytes of one exchange end another that waits.
  Task<void> behind_drop() {
    Task<HttpResponse> first = open("/half");
    HttpResponse dropped = co_await std::move(first);
    Task<HttpResponse> second = open("/half");
    HttpResponse response = co_await std::move(second);
    co_await response.body.next();
    dropped.body = Stream<std::string>();
    response.body = Stream<std::string>();
    co_await use_libcurl();
  }

  Runtime* runtime_;
  std::string base_;
  int answers_ = 0;
  std::set<std::thread::id> threads_;
};

TEST_CASE("http: whatever resumes a coroutine, libcurl is at its service") {
  RawServer server(by_path);
  Runtime runtime;
  // By name, for the resolver's thread to have its part in it.
  Tour tour(runtime, "http://localhost:" + std::to_string(server.port()));
  block_on(tour.behind_all(), runtime);
  CHECK(tour.answers() == 10);
  CHECK(tour.threads() == std::set<std::thread::id>{std::this_thread::get_id()});
  runtime.release_idle();
  CHECK(server.wait_for_open(0));
}

Task<void> read_into(Runtime* runtime, std::string url, HttpLimits limits, std::string* body) {
  HttpRequest request = post(std::move(url));
  request.stream = true;
  Task<HttpResponse> sending = runtime->http().send(std::move(request), limits);
  HttpResponse response = co_await std::move(sending);
  while (const std::string* bytes = co_await response.body.next()) *body += *bytes;
}

// Whether an exchange ends well though its rest came, and its time ran out, while nobody drove the
// loop. The reply stalls before its first byte or in its middle.
bool outlives_its_timer(RawServer& server, const std::string& path) {
  const milliseconds limit(150);
  const auto limits = HttpLimits().first_byte_timeout(limit).idle_timeout(limit);
  Runtime runtime;
  std::string body;
  std::exception_ptr error;
  bool done = false;
  const int replies = server.counts().replies;
  runtime.start(read_into(&runtime, server.url() + path, limits, &body),
                [&](std::exception_ptr why) {
                  done = true;
                  error = why;
                });
  const auto arrived = [&] {
    return path == "/silent" ? server.counts().stalled > 0 : !body.empty();
  };
  while (!done && !arrived()) runtime.poll();
  if (done) return false;  // a busy machine
  REQUIRE(server.wait_for_stalled(1));
  server.release_stalled();
  REQUIRE(server.wait_until([&](const auto& counts) { return counts.replies > replies; }));
  std::this_thread::sleep_for(limit + milliseconds(20));  // it is the time that is tested
  while (!done) runtime.poll();
  return !error && body == half + half;
}

TEST_CASE("http: bytes that wait already are read before a timer is judged") {
  RawServer server([](const Request& request) {
    const Reply whole = Reply::http(200, {}, half + half);
    return request.path() == "/silent" ? Reply(whole).cut(0, Ending::stall)
                                       : Reply(whole).cut_body(half.size(), Ending::stall);
  });
  for (const char* path : {"/silent", "/half"}) {
    INFO(path);
    bool good = false;
    for (int i = 0; i < 3 && !good; ++i) good = outlives_its_timer(server, path);
    CHECK(good);
  }
}

Task<int> ask_inside(Runtime* runtime, std::string base) {
  HttpRequest request = post(base + "/half");
  request.stream = true;
  Task<HttpResponse> sending = runtime->http().send(std::move(request), HttpLimits());
  HttpResponse response = co_await std::move(sending);
  Task<HttpReply> nested = runtime->http().fetch(post(base + "/whole"), HttpLimits());
  co_return block_on(std::move(nested), *runtime).status;
}

TEST_CASE("http: a nested call does not wait for a connection that its outer loop holds") {
  RawServer server(by_path);
  Runtime runtime(RuntimeOptions().max_connections(1));
  CHECK(block_on(ask_inside(&runtime, server.url()), runtime) == 200);
}

// ------------------------------------------------------------------ the process

std::set<int> open_descriptors() {
  std::set<int> open;
  for (int fd = 0; fd < 1024; ++fd)
    if (fcntl(fd, F_GETFD) >= 0) open.insert(fd);
  return open;
}

// libcurl 7.88 makes the pair it wakes itself with without FD_CLOEXEC; nobody else is at its end.
bool is_libcurls_pair(int fd) {
  int domain = 0;
  socklen_t size = sizeof domain;
  return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

TEST_CASE("http: no descriptor of a loop is inherited by a program that is started") {
  ServerOptions options;
  options.accepting = ServerOptions::Accepting::never;
  RawServer server({Reply::json(200, "{}")}, options);
  const std::set<int> before = open_descriptors();
  Runtime runtime;
  runtime.fd();
  const auto ask = [](Runtime* where, std::string url) -> Task<void> {
    Task<HttpReply> asking = where->http().fetch(post(url), HttpLimits());
    co_await std::move(asking);
  };
  runtime.start(ask(&runtime, server.url()), nullptr);
  runtime.poll();
  int own = 0;
  for (const int fd : open_descriptors()) {
    if (before.count(fd) > 0 || is_libcurls_pair(fd)) continue;
    INFO("descriptor " << fd);
    CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    ++own;
  }
  CHECK(own >= 3);
}

std::atomic<int> broken_pipes{0};

// Counts SIGPIPE while it lives; with the default disposition each would end the program.
class BrokenPipes {
 public:
  BrokenPipes() {
    struct sigaction action {};
    action.sa_handler = [](int) { ++broken_pipes; };
    sigaction(SIGPIPE, &action, &before_);
    broken_pipes = 0;
  }
  ~BrokenPipes() { sigaction(SIGPIPE, &before_, nullptr); }
  BrokenPipes(const BrokenPipes&) = delete;
  BrokenPipes& operator=(const BrokenPipes&) = delete;

 private:
  struct sigaction before_ {};
};

std::vector<void (*)(int)> dispositions() {
  std::vector<void (*)(int)> handlers;
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    const bool known = sigaction(number, nullptr, &action) == 0;
    handlers.push_back(known ? action.sa_handler : nullptr);
  }
  return handlers;
}

Task<bool> fails(Task<HttpReply> asking) {
  try {
    co_await std::move(asking);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::network);
    co_return true;
  }
  co_return false;
}

// The upload has begun when this goes on.
Task<bool> close_all(RawServer* server) {
  for (int turn = 0; turn < 4; ++turn) co_await sleep(milliseconds(0));
  server->close_connections();
  co_return true;
}

TEST_CASE("http: a server that goes away while it is sent to raises no signal") {
  const BrokenPipes counted;
  const auto before = dispositions();
  for (const bool secure : {false, true}) {
    ServerOptions options;
    options.tls = secure;
    RawServer server({Reply::json(200, "{}")}, options);
    Runtime runtime(secure ? RuntimeOptions().ca_file(server.ca_file()) : RuntimeOptions());
    CHECK(test::exchange(runtime, post(server.url())).status == 200);  // a warm connection
    bool failed = false;
    for (int i = 0; i < 50 && !failed; ++i) {  // some are sent before
      HttpRequest upload = post(server.url(), std::string(std::size_t{24} << 20, 'x'));
      std::vector<Task<bool>> tasks;
      tasks.push_back(fails(runtime.http().fetch(std::move(upload), HttpLimits())));
      tasks.push_back(close_all(&server));
      failed = block_on(when_all(std::move(tasks)), runtime).at(0);
    }
    INFO((secure ? "TLS" : "plain"));
    CHECK(failed);
    CHECK(dispositions() == before);
  }
  CHECK(broken_pipes == 0);
}

}  // namespace
}  // namespace lian
