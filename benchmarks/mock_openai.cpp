// A provider for the benchmarks: one thread, epoll, replies rendered beforehand, ten thousand
// streams at once. It listens on 127.0.0.1 and prints its port.
//
//   mock_openai [PORT]          0, the default, takes a free port
//   POST /v1/chat/completions   "stream":true in the body selects a stream
//   GET  /stats                 {"requests":N,"peak_streams":N,"first_request_ns":N,"cpu_s":X}
//   POST /reset                 forgets the counts
//
// Request headers: x-mock-n content chunks (50), x-mock-delay milliseconds between two (0),
// x-mock-batch chunks a write when there is no delay (0: as many as fit 64 KiB).

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <queue>

#include "measure.hpp"

namespace {

constexpr std::size_t burst_bytes = 65536;

std::uint64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

// Every event is an HTTP chunk of its own, as the real service sends it.
std::string http_chunk(const std::string& data) {
  char size[24];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  return size + data + "\r\n";
}

std::string event(const std::string& choices, const std::string& usage) {
  return http_chunk(
      R"(data: {"id":"chatcmpl-C1aB2cD3eF4gH5iJ6kL7mN8oP9qR","object":"chat.completion.chunk",)"
      R"("created":1760000000,"model":"gpt-4o-mini-2024-07-18","service_tier":"default",)"
      R"("system_fingerprint":"fp_560af6e559","choices":[)" +
      choices + R"(],"usage":)" + usage + "}\n\n");
}

std::string delta_event(const std::string& delta, const std::string& finish) {
  return event(
      R"({"index":0,"delta":)" + delta + R"(,"logprobs":null,"finish_reason":)" + finish + "}",
      "null");
}

struct Rendered {
  Rendered() {
    const char* const words[] = {
        "The",       " quick",  " answer",         " depends",    " on",
        " how",      " the",    " model",          " was",        " trained",
        ",",         " and",    " whether",        " 提",         "示",
        "里有",      " enough", " context",        ".",           " In",
        " practice", " we",     " find",           " that",       " retrieval",
        " helps",    " most",   " when",           " documents",  " are",
        " short",    "\\n\\n",  " \\\"quoted\\\"", " caf\\u00e9", " 42",
        "**"};
    for (const char* word : words) {
      content.push_back(delta_event(std::string(R"({"content":")") + word + "\"}", "null"));
    }
    role = delta_event(R"({"role":"assistant","content":"","refusal":null})", "null");
    stop = delta_event("{}", "\"stop\"");
    usage = event("", R"({"prompt_tokens":27,"completion_tokens":50,"total_tokens":77})");
    done = http_chunk("data: [DONE]\n\n") + "0\r\n\r\n";
  }

  std::vector<std::string> content;
  std::string role;
  std::string stop;
  std::string usage;
  std::string done;
  std::string stream_head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
      "Cache-Control: no-cache\r\nx-request-id: req_0123456789abcdef\r\n"
      "Transfer-Encoding: chunked\r\n\r\n";
  std::string reply =
      R"({"id":"chatcmpl-C1aB2cD3eF4gH5iJ6kL7mN8oP9qR","object":"chat.completion",)"
      R"("created":1760000000,"model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"message":)"
      R"({"role":"assistant","content":"Paris is the capital of France, and it has been so for )"
      R"(most of the last thousand years.","refusal":null,"annotations":[]},"logprobs":null,)"
      R"("finish_reason":"stop"}],"usage":{"prompt_tokens":27,"completion_tokens":19,)"
      R"("total_tokens":46,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},)"
      R"("completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,)"
      R"("accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},)"
      R"("service_tier":"default","system_fingerprint":"fp_560af6e559"})";
};

struct Knobs {
  long chunks = 50;
  long delay_ms = 0;
  long batch = 0;
  bool usage = false;
};

struct Connection {
  int fd = -1;
  std::uint64_t generation = 0;  // tells a reused descriptor from the one a timer was meant for
  std::string in;
  std::string out;
  std::size_t out_at = 0;
  bool watches_output = false;
  bool streaming = false;
  Knobs knobs;
  long sent = 0;  // 0: the role, then the content chunks
  std::uint64_t next_ns = 0;
};

struct Timer {
  std::uint64_t due_ns;
  std::uint64_t generation;
  int fd;
  bool operator<(const Timer& other) const { return due_ns > other.due_ns; }
};

struct Stats {
  long requests = 0;
  long streams = 0;
  long peak_streams = 0;
  std::uint64_t first_request_ns = 0;
};

struct Head {
  std::string_view path;
  std::size_t body_bytes = 0;
  Knobs knobs;
};

long number_of(std::string_view text) {
  return std::strtol(std::string(text).c_str(), nullptr, 10);
}

Head read_head(std::string_view head) {
  Head result;
  const std::size_t path = head.find(' ') + 1;
  result.path = head.substr(path, head.find(' ', path) - path);
  for (std::size_t at = head.find("\r\n"); at + 2 < head.size();) {
    const std::size_t start = at + 2;
    at = head.find("\r\n", start);
    if (at == std::string_view::npos) break;
    const std::string_view line = head.substr(start, at - start);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view value = line.substr(colon + 1);
    const auto is = [&](std::string_view name) {
      return colon == name.size() && strncasecmp(line.data(), name.data(), colon) == 0;
    };
    if (is("content-length")) result.body_bytes = static_cast<std::size_t>(number_of(value));
    if (is("x-mock-n")) result.knobs.chunks = number_of(value);
    if (is("x-mock-delay")) result.knobs.delay_ms = number_of(value);
    if (is("x-mock-batch")) result.knobs.batch = number_of(value);
  }
  return result;
}

bool is_true(std::string_view body, std::string_view key) {
  std::size_t at = body.find(key);
  if (at == std::string_view::npos) return false;
  at += key.size();
  while (at < body.size() && (body[at] == ' ' || body[at] == ':')) ++at;
  return body.substr(at, 4) == "true";
}

class Mock {
 public:
  explicit Mock(int port) : epoll_(epoll_create1(0)), connections_(1024) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener_, any, sizeof address) != 0 || listen(listener_, 65535) != 0) {
      std::perror("mock_openai");
      std::exit(1);
    }
    socklen_t length = sizeof address;
    getsockname(listener_, any, &length);
    std::printf("%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    watch(listener_, EPOLL_CTL_ADD, EPOLLIN);
  }

  [[noreturn]] void run() {
    std::vector<epoll_event> events(1024);
    while (true) {
      const int size = static_cast<int>(events.size());
      const int ready = epoll_wait(epoll_, events.data(), size, timeout_ms());
      for (int index = 0; index < ready; ++index) {
        const epoll_event& happened = events[static_cast<std::size_t>(index)];
        if (happened.data.fd == listener_) {
          accept_all();
        } else {
          serve(happened.data.fd, happened.events);
        }
      }
      run_timers();
    }
  }

 private:
  void watch(int fd, int operation, std::uint32_t events) const {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.fd = fd;
    epoll_ctl(epoll_, operation, fd, &wanted);
  }

  Connection* find(int fd) { return connections_[static_cast<std::size_t>(fd)].get(); }

  void accept_all() {
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      const auto index = static_cast<std::size_t>(fd);
      if (index >= connections_.size()) connections_.resize(index * 2);
      connections_[index] = std::make_unique<Connection>();
      connections_[index]->fd = fd;
      connections_[index]->generation = ++generation_;
      watch(fd, EPOLL_CTL_ADD, EPOLLIN);
    }
  }

  bool drop(Connection& connection) {
    if (connection.streaming) --stats_.streams;
    const int fd = connection.fd;
    close(fd);
    connections_[static_cast<std::size_t>(fd)].reset();
    return false;
  }

  // The functions below say false when the connection is gone.

  bool flush(Connection& connection) {
    while (connection.out_at < connection.out.size()) {
      const std::string_view left = std::string_view(connection.out).substr(connection.out_at);
      const ssize_t count = send(connection.fd, left.data(), left.size(), MSG_NOSIGNAL);
      if (count < 0 && errno == EAGAIN) {
        watch_output(connection, true);
        return true;
      }
      if (count < 0) return drop(connection);
      connection.out_at += static_cast<std::size_t>(count);
    }
    connection.out.clear();
    connection.out_at = 0;
    watch_output(connection, false);
    return true;
  }

  void watch_output(Connection& connection, bool wanted) const {
    if (connection.watches_output == wanted) return;
    connection.watches_output = wanted;
    const std::uint32_t events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN;
    watch(connection.fd, EPOLL_CTL_MOD, events);
  }

  void put_chunk(Connection& connection) {
    const long sent = connection.sent++;
    const auto word = static_cast<std::size_t>(sent - 1) % rendered_.content.size();
    connection.out += sent == 0 ? rendered_.role : rendered_.content[word];
    if (sent < connection.knobs.chunks) return;
    connection.out += rendered_.stop;
    if (connection.knobs.usage) connection.out += rendered_.usage;
    connection.out += rendered_.done;
    connection.streaming = false;
    --stats_.streams;
  }

  bool burst(Connection& connection) {
    const long most = connection.knobs.batch > 0 ? connection.knobs.batch : connection.knobs.chunks;
    while (connection.streaming && connection.out.empty()) {
      for (long count = 0; count < most && connection.out.size() < burst_bytes; ++count) {
        if (connection.streaming) put_chunk(connection);
      }
      if (!flush(connection)) return false;
    }
    return true;
  }

  bool start_stream(Connection& connection) {
    connection.streaming = true;
    connection.sent = 0;
    stats_.peak_streams = std::max(stats_.peak_streams, ++stats_.streams);
    connection.out += rendered_.stream_head;
    put_chunk(connection);
    if (!flush(connection)) return false;
    if (connection.knobs.delay_ms == 0) return burst(connection);
    connection.next_ns = now_ns();
    set_timer(connection);
    return true;
  }

  void set_timer(Connection& connection) {
    connection.next_ns += static_cast<std::uint64_t>(connection.knobs.delay_ms) * 1'000'000U;
    timers_.push({connection.next_ns, connection.generation, connection.fd});
  }

  int timeout_ms() const {
    if (timers_.empty()) return -1;
    const std::uint64_t now = now_ns();
    const std::uint64_t due = timers_.top().due_ns;
    return due <= now ? 0 : static_cast<int>((due - now + 999'999) / 1'000'000);
  }

  void run_timers() {
    const std::uint64_t now = now_ns();
    for (int left = 4096; left > 0 && !timers_.empty() && timers_.top().due_ns <= now; --left) {
      const Timer timer = timers_.top();
      timers_.pop();
      Connection* connection = find(timer.fd);
      if (connection == nullptr || connection->generation != timer.generation) continue;
      put_chunk(*connection);
      if (connection->streaming) set_timer(*connection);
      if (flush(*connection) && !connection->streaming) read_requests(*connection);
    }
  }

  void serve(int fd, std::uint32_t events) {
    Connection* connection = find(fd);
    if (connection == nullptr) return;
    if ((events & EPOLLOUT) != 0) {
      if (!flush(*connection)) return;
      const bool bursting = connection->streaming && connection->knobs.delay_ms == 0;
      if (bursting && !burst(*connection)) return;
    }
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) return;
    const ssize_t count = recv(fd, buffer_.data(), buffer_.size(), 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
      drop(*connection);
      return;
    }
    connection->in.append(buffer_.data(), static_cast<std::size_t>(count));
    read_requests(*connection);
  }

  void read_requests(Connection& connection) {
    while (!connection.streaming) {
      const std::size_t end = connection.in.find("\r\n\r\n");
      if (end == std::string::npos) return;
      const Head head = read_head(std::string_view(connection.in).substr(0, end + 2));
      const std::size_t whole = end + 4 + head.body_bytes;
      if (connection.in.size() < whole) return;
      const auto body = std::string_view(connection.in).substr(end + 4, head.body_bytes);
      if (!answer(connection, head, body)) return;
      connection.in.erase(0, whole);
    }
  }

  bool answer(Connection& connection, const Head& head, std::string_view body) {
    if (head.path == "/stats") return reply(connection, stats_text());
    if (head.path == "/reset") {
      stats_ = Stats();
      return reply(connection, "{}");
    }
    if (stats_.requests++ == 0) stats_.first_request_ns = now_ns();
    if (!is_true(body, "\"stream\"")) return reply(connection, rendered_.reply);
    connection.knobs = head.knobs;
    connection.knobs.usage = is_true(body, "\"include_usage\"");
    return start_stream(connection);
  }

  bool reply(Connection& connection, const std::string& body) {
    connection.out += "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                      std::to_string(body.size()) +
                      "\r\nx-request-id: req_0123456789abcdef\r\n\r\n";
    connection.out += body;
    return flush(connection);
  }

  std::string stats_text() const {
    return "{\"requests\":" + std::to_string(stats_.requests) +
           ",\"peak_streams\":" + std::to_string(stats_.peak_streams) +
           ",\"first_request_ns\":" + std::to_string(stats_.first_request_ns) +
           ",\"cpu_s\":" + std::to_string(bench::cpu_seconds()) + "}\n";
  }

  Rendered rendered_;
  int epoll_;
  int listener_ = -1;
  std::uint64_t generation_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::priority_queue<Timer> timers_;
  std::vector<char> buffer_ = std::vector<char>(65536);
  Stats stats_;
};

}  // namespace

int main(int argc, char** argv) {
  bench::raise_file_limit();
  Mock mock(argc > 1 ? std::atoi(argv[1]) : 0);
  mock.run();
}
