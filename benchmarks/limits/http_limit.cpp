// The limit of the HTTP workloads: libcurl and simdjson, and nothing else. See
// benchmarks/workloads.hpp for the arguments.

#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <memory>

#include "../measure.hpp"
#include "../workloads.hpp"
#include "event_reader.hpp"

namespace {

std::string request_body(long call, bool stream) {
  std::string text = R"({"model":"gpt-4o-mini","messages":[{"role":"system","content":")";
  text += bench::system_text;
  text += R"("},{"role":"user","content":"Translate to French, formally: sentence number )";
  text += std::to_string(call);
  text += stream ? R"(, please."}],"stream":true})" : R"(, please."}]})";
  return text;
}

class HeaderList {
 public:
  HeaderList() {
    add("Content-Type: application/json");
    add("Authorization: Bearer sk-test");
    add("Expect:");
  }
  ~HeaderList() { curl_slist_free_all(list_); }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;

  void add(const std::string& line) { list_ = curl_slist_append(list_, line.c_str()); }
  void ask_chunks(long chunks, long delay_ms, long batch) {
    add("x-mock-n: " + std::to_string(chunks));
    add("x-mock-delay: " + std::to_string(delay_ms));
    add("x-mock-batch: " + std::to_string(batch));
  }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

// Shared by all streams of a thread, as a client would do it.
struct Totals {
  bench::DeltaReader reader;
  std::string text;
  long chunks = 0;
};

struct StreamState {
  bench::EventSplitter splitter;
  Totals* totals = nullptr;
  bool done = false;
};

std::size_t on_whole(char* data, std::size_t size, std::size_t count, void* user) {
  static_cast<std::string*>(user)->append(data, size * count);
  return size * count;
}

std::size_t on_stream(char* data, std::size_t size, std::size_t count, void* user) {
  auto& stream = *static_cast<StreamState*>(user);
  Totals& totals = *stream.totals;
  stream.splitter.feed(data, size * count, [&](std::string_view payload) {
    stream.done = !totals.reader.read(payload, totals.text);
    if (!totals.text.empty()) ++totals.chunks;
  });
  return size * count;
}

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Multi = std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)>;

Easy make_easy(const HeaderList& headers, curl_write_callback write, void* user) {
  Easy easy(curl_easy_init(), curl_easy_cleanup);
  curl_easy_setopt(easy.get(), CURLOPT_URL, bench::mock_url().c_str());
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, write);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, user);
  return easy;
}

void set_body(CURL* easy, const std::string& body) {
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
}

std::size_t read_reply(simdjson::ondemand::parser& parser, std::string& reply) {
  reply.reserve(reply.size() + simdjson::SIMDJSON_PADDING);
  auto document = parser.iterate(reply.data(), reply.size(), reply.capacity());
  for (auto choice : document["choices"].get_array()) {
    std::string_view content;
    if (!choice["message"]["content"].get_string().get(content)) return content.size();
  }
  return 0;
}

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "http_limit: %s\n", what);
  std::exit(1);
}

void run_calls(long calls, long warm_up, bool print) {
  HeaderList headers;
  std::string reply;
  simdjson::ondemand::parser parser;
  const Easy easy = make_easy(headers, on_whole, &reply);
  double cpu = 0;
  double wall = 0;
  for (long call = -warm_up; call < calls; ++call) {
    if (call == 0) {
      cpu = bench::cpu_seconds();
      wall = bench::wall_seconds();
    }
    const std::string body = request_body(call, false);
    set_body(easy.get(), body);
    reply.clear();
    if (curl_easy_perform(easy.get()) != CURLE_OK) fail("a call failed");
    if (read_reply(parser, reply) == 0) fail("a reply without text");
  }
  if (!print) return;
  bench::Report report("seq", static_cast<double>(calls), bench::cpu_seconds() - cpu);
  report.add("wall_s", bench::wall_seconds() - wall).print();
}

void run_streams(long streams, long chunks, long batch) {
  constexpr long warm_up = 5;
  HeaderList headers;
  headers.ask_chunks(chunks, 0, batch);
  Totals totals;
  StreamState state;
  state.totals = &totals;
  const Easy easy = make_easy(headers, on_stream, &state);
  double cpu = 0;
  double wall = 0;
  for (long index = -warm_up; index < streams; ++index) {
    if (index == 0) {
      totals.chunks = 0;
      cpu = bench::cpu_seconds();
      wall = bench::wall_seconds();
    }
    const std::string body = request_body(index, true);
    set_body(easy.get(), body);
    state.done = false;
    if (curl_easy_perform(easy.get()) != CURLE_OK || !state.done) fail("a stream failed");
  }
  if (totals.chunks != streams * chunks) fail("chunks are missing");
  bench::Report report("stream", static_cast<double>(totals.chunks), bench::cpu_seconds() - cpu);
  report.add("wall_s", bench::wall_seconds() - wall).print();
}

// curl's multi-socket interface over epoll.
class Driver {
 public:
  Driver() : multi_(curl_multi_init(), curl_multi_cleanup), epoll_(epoll_create1(0)) {
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
  }
  ~Driver() { close(epoll_); }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  void add(CURL* easy) { curl_multi_add_handle(multi_.get(), easy); }
  void remove(CURL* easy) { curl_multi_remove_handle(multi_.get(), easy); }

  // One turn; calls `on_done(result)` for each transfer that is over.
  template <class OnDone>
  void turn(OnDone on_done) {
    const int wait = timeout_ms_ < 0 ? 1000 : static_cast<int>(timeout_ms_);
    const int ready = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), wait);
    int running = 0;
    if (ready == 0) {
      timeout_ms_ = -1;
      curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
    }
    for (int index = 0; index < ready; ++index) {
      const epoll_event& event = events_[static_cast<std::size_t>(index)];
      int what = 0;
      if ((event.events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
      if ((event.events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
      if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) what |= CURL_CSELECT_ERR;
      curl_multi_socket_action(multi_.get(), event.data.fd, what, &running);
    }
    int queued = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &queued)) {
      if (message->msg == CURLMSG_DONE) on_done(message->data.result);
    }
  }

 private:
  static int on_socket(CURL*, curl_socket_t socket, int what, void* user, void* known) {
    auto& driver = *static_cast<Driver*>(user);
    epoll_event event{};
    event.data.fd = socket;
    if (what == CURL_POLL_REMOVE) {
      epoll_ctl(driver.epoll_, EPOLL_CTL_DEL, socket, &event);
      return 0;
    }
    if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
    const int operation = known != nullptr ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    epoll_ctl(driver.epoll_, operation, socket, &event);
    curl_multi_assign(driver.multi_.get(), socket, &driver);
    return 0;
  }

  static int on_timer(CURLM*, long timeout_ms, void* user) {
    static_cast<Driver*>(user)->timeout_ms_ = timeout_ms;
    return 0;
  }

  Multi multi_;
  int epoll_;
  long timeout_ms_ = -1;
  std::vector<epoll_event> events_{1024};
};

void run_concurrent(long streams, long chunks, long delay_ms) {
  bench::raise_file_limit();
  HeaderList headers;
  headers.ask_chunks(chunks, delay_ms, 0);
  Totals totals;
  const std::string body = request_body(1, true);
  const long before_kb = bench::status_kb("VmRSS");
  const double cpu = bench::cpu_seconds();
  const double wall = bench::wall_seconds();
  Driver driver;
  std::vector<std::unique_ptr<StreamState>> states;
  std::vector<Easy> handles;
  for (long index = 0; index < streams; ++index) {
    states.push_back(std::make_unique<StreamState>());
    states.back()->totals = &totals;
    handles.push_back(make_easy(headers, on_stream, states.back().get()));
    set_body(handles.back().get(), body);
    driver.add(handles.back().get());
  }
  long over = 0;
  long errors = 0;
  while (over < streams) {
    driver.turn([&](CURLcode result) {
      ++over;
      errors += result != CURLE_OK ? 1 : 0;
    });
  }
  const double took = bench::wall_seconds() - wall;
  const double ideal = static_cast<double>(chunks * delay_ms) / 1000;
  const double grown_kb = static_cast<double>(bench::peak_kb() - before_kb);
  bench::Report report("conc", static_cast<double>(totals.chunks), bench::cpu_seconds() - cpu);
  report.add("errors", static_cast<double>(errors))
      .add("over_ideal", took / ideal)
      .add("kb_per_stream", grown_kb / static_cast<double>(streams))
      .add("wall_s", took)
      .print();
  for (const Easy& easy : handles) driver.remove(easy.get());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view workload = argc > 1 ? argv[1] : "";
  const auto number = [&](int index, long otherwise) {
    return argc > index ? std::atol(argv[index]) : otherwise;
  };
  curl_global_init(CURL_GLOBAL_DEFAULT);
  if (workload == "start") {
    run_calls(1, 0, false);
  } else if (workload == "seq") {
    run_calls(number(2, 20000), 100, true);
  } else if (workload == "stream") {
    run_streams(number(2, 2000), number(3, 500), number(4, 0));
  } else if (workload == "conc") {
    run_concurrent(number(2, 1000), number(3, 50), number(4, 100));
  } else {
    fail("usage: seq CALLS | stream STREAMS CHUNKS BATCH | conc STREAMS CHUNKS DELAY_MS | start");
  }
  return 0;
}
