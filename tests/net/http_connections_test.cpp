// Connections: kept, shared, bounded, trusted, proxied.
#include "net/http_support.hpp"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <set>

#include "lian/core/when_all.hpp"
#include "support/catch.hpp"
#include "support/raw_server.hpp"

namespace lian {
namespace {

using test::Certificate;
using test::Ending;
using test::exchange;
using test::failure_of;
using test::post;
using test::RawServer;
using test::Reply;
using test::Request;
using test::ServerOptions;

ServerOptions tls(bool http2, Certificate certificate = Certificate::valid) {
  ServerOptions options;
  options.tls = true;
  options.http2 = http2;
  options.certificate = certificate;
  return options;
}

Task<std::vector<HttpReply>> many(Runtime* runtime, std::string url, int count) {
  std::vector<Task<HttpReply>> tasks;
  for (int i = 0; i < count; ++i)
    tasks.push_back(runtime->http().fetch(
        post(url), HttpLimits().connect_timeout(std::chrono::milliseconds(400))));
  Task<std::vector<HttpReply>> all = when_all(std::move(tasks));
  co_return co_await std::move(all);
}

TEST_CASE("http: sequential calls share one connection") {
  RawServer server({Reply::json(200, "{}")});
  Runtime runtime;
  for (int i = 0; i < 50; ++i) CHECK(exchange(runtime, post(server.url())).status == 200);
  CHECK(server.counts().accepted == 1);
  CHECK(server.problems().empty());
  runtime.release_idle();
  CHECK(server.wait_for_open(0));
}

TEST_CASE("http: a connection the server has closed is not used again") {
  RawServer server({Reply::json(200, "{}")});
  Runtime runtime;
  for (int i = 1; i <= 5; ++i) {
    CHECK(exchange(runtime, post(server.url())).status == 200);
    server.close_connections();
    CHECK(server.wait_for_open(0));
  }
  CHECK(server.counts().requests == 5);
}

TEST_CASE("http: parallel calls without TLS do not wait for the first reply") {
  RawServer server([](const Request&) {
    return Reply::json(200, "{}").first_byte_delay(std::chrono::milliseconds(100));
  });
  Runtime runtime;
  CHECK(block_on(many(&runtime, server.url(), 8), runtime).size() == 8);
  CHECK(server.counts().peak_open == 8);
}

TEST_CASE("http: hundreds of parallel calls, twice, then few: connections stay warm, none leaks") {
  RawServer server([](const Request&) {
    return Reply::json(200, "{}").first_byte_delay(std::chrono::milliseconds(300));
  });
  Runtime runtime;
  constexpr int calls = 700;  // more than two sets of connections
  CHECK(block_on(many(&runtime, server.url(), calls), runtime).size() == calls);
  CHECK(server.counts().peak_open == calls);
  CHECK(block_on(many(&runtime, server.url(), calls), runtime).size() == calls);
  const auto accepted = server.counts().accepted;
  CHECK(accepted < 2 * calls);
  for (int i = 0; i < 3; ++i) CHECK(exchange(runtime, post(server.url())).status == 200);
  CHECK(server.counts().accepted == accepted);
  CHECK(server.problems().empty());
  runtime.release_idle();
  CHECK(server.wait_for_open(0));
}

TEST_CASE("http: an error whose body is cut keeps its status and what came") {
  RawServer server({Reply::json(503, "not now, try again").cut_body(7, Ending::truncate)});
  Runtime runtime;
  const HttpReply reply = exchange(runtime, post(server.url()));
  CHECK(reply.status == 503);
  CHECK(reply.body == "not now");
}

TEST_CASE("http: max_connections queues further calls, without a timeout") {
  RawServer server([](const Request&) {
    return Reply::json(200, "{}").first_byte_delay(std::chrono::milliseconds(60));
  });
  RawServer other({Reply::json(200, "{}")});
  Runtime runtime(RuntimeOptions().max_connections(3));
  const auto replies = block_on(many(&runtime, server.url(), 30), runtime);  // ten rounds: 600 ms
  CHECK(replies.size() == 30);
  CHECK(server.counts().peak_open <= 3);
  CHECK(exchange(runtime, post(other.url())).status == 200);
  CHECK(server.wait_until([](const auto& counts) { return counts.open <= 2; }));
}

TEST_CASE("http: HTTP/2 carries parallel calls on one connection") {
  RawServer server(
      [](const Request& request) {
        return Reply::json(200, std::to_string(request.body.size()))
            .first_byte_delay(std::chrono::milliseconds(50));
      },
      tls(true));
  Runtime runtime(RuntimeOptions().ca_file(server.ca_file()));
  const auto replies = block_on(many(&runtime, server.url(), 20), runtime);
  CHECK(replies.size() == 20);
  CHECK(server.counts().accepted == 1);
  CHECK(server.counts().peak_streams > 10);
  for (const Request& request : server.requests()) CHECK(request.protocol == "HTTP/2");
}

TEST_CASE("http: a server without HTTP/2 gets HTTP/1.1 over TLS") {
  RawServer server({Reply::json(200, "{}")}, tls(false));
  Runtime runtime(RuntimeOptions().ca_file(server.ca_file()));
  CHECK(exchange(runtime, post(server.url())).status == 200);
  CHECK(server.requests().at(0).protocol == "HTTP/1.1");
}

TEST_CASE("http: an HTTP/2 reply that is cut is an error") {
  for (const Ending how : {Ending::stream_reset, Ending::goaway, Ending::reset, Ending::close}) {
    for (const std::size_t at : {std::size_t{0}, std::size_t{5}}) {
      RawServer server(
          [&](const Request&) { return Reply::json(200, R"({"a":"bcdef"})").cut_body(at, how); },
          tls(true));
      Runtime runtime(RuntimeOptions().ca_file(server.ca_file()));
      const Error error = failure_of(runtime, post(server.url()));
      INFO(static_cast<int>(how) << " at " << at << ": " << error.what());
      CHECK(error.kind() == ErrorKind::network);
      CHECK(server.counts().requests == 1);
    }
  }
}

TEST_CASE("http: a certificate that is not trusted is refused with a clear message") {
  for (const Certificate kind :
       {Certificate::expired, Certificate::self_signed, Certificate::wrong_host}) {
    RawServer server({Reply::json(200, "{}")}, tls(true, kind));
    Runtime runtime(RuntimeOptions().ca_file(server.ca_file()));
    const Error error = failure_of(runtime, post(server.url()));
    INFO(error.what());
    CHECK(error.kind() == ErrorKind::network);
    CHECK_THAT(error.what(), Catch::Contains("TLS") && Catch::Contains("localhost"));
    CHECK(server.counts().requests == 0);
  }
  RawServer server({Reply::json(200, "{}")}, tls(true));
  Runtime unknown;
  CHECK_THAT(failure_of(unknown, post(server.url())).what(), Catch::Contains("certificate"));
  Runtime missing(RuntimeOptions().ca_file("/no/such/ca.pem"));
  CHECK_THAT(failure_of(missing, post(server.url())).what(), Catch::Contains("/no/such/ca.pem"));
  CHECK(server.counts().requests == 0);
}

TEST_CASE("http: a redirect is handed back, not followed") {
  RawServer target({Reply::json(200, "{}")});
  for (const int status : {301, 302, 303, 307, 308}) {
    RawServer server({Reply::http(status, {{"Location", target.url() + "/"}}, "")});
    Runtime runtime;
    CHECK(exchange(runtime, post(server.url())).status == status);
    CHECK(server.counts().requests == 1);
  }
  CHECK(target.counts().accepted == 0);
}

// An environment variable for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

TEST_CASE("http: a proxy is used for every host but loopback") {
  RawServer proxy({Reply::json(200, "{}")});
  RawServer server({Reply::json(200, "{}")});
  const auto sees = [&](Runtime& runtime, const std::string& url) {
    const int before = proxy.counts().requests;
    failure_of(runtime, post(url), HttpLimits().connect_timeout(std::chrono::milliseconds(300)));
    return proxy.counts().requests - before;
  };
  {
    const Variable none("no_proxy", "*");
    Runtime runtime(RuntimeOptions().proxy(proxy.url()));
    CHECK(sees(runtime, "http://models.invalid/v1") == 1);
    CHECK(proxy.requests().back().target == "http://models.invalid/v1");
    CHECK(sees(runtime, "http://127.evil.invalid/") == 1);
    CHECK(sees(runtime, server.url()) == 0);
    CHECK(sees(runtime, "http://localhost:" + std::to_string(server.port())) == 0);
    CHECK(sees(runtime, "http://LOCALHOST:" + std::to_string(server.port())) == 0);
    CHECK(server.counts().requests == 3);
  }
  const Variable http("http_proxy", proxy.url());
  const Variable none("no_proxy", "inner.invalid, .corp.invalid,[fd00::1]");
  Runtime runtime;
  CHECK(sees(runtime, "http://models.invalid/v1") == 1);
  CHECK(sees(runtime, "http://notinner.invalid/v1") == 1);
  CHECK(sees(runtime, "http://inner.invalid:81/v1") == 0);
  CHECK(sees(runtime, "http://a.INNER.invalid/v1") == 0);
  CHECK(sees(runtime, "http://x.corp.invalid/v1") == 0);
  CHECK(sees(runtime, server.url()) == 0);
  Runtime direct(RuntimeOptions().proxy(""));
  CHECK(sees(direct, "http://models.invalid/v1") == 0);
}

// Lowers the limit of open files, and takes what is left of it.
class NoDescriptors {
 public:
  explicit NoDescriptors(int leave) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = dup(0);
    close(next);
    rlimit low = before_;
    low.rlim_cur = static_cast<rlim_t>(next + leave);
    setrlimit(RLIMIT_NOFILE, &low);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

std::exception_ptr exchange_without(int descriptors, Runtime& runtime, const std::string& url) {
  HttpRequest request = post(url);
  const NoDescriptors none(descriptors);
  try {
    exchange(runtime, std::move(request));
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

void check_names_limit(const std::exception_ptr& error) {
  REQUIRE(error);
  try {
    std::rethrow_exception(error);
  } catch (const LimitError& limit) {
    CHECK(limit.name == "RLIMIT_NOFILE");
    CHECK_THAT(limit.what(), Catch::Contains("ulimit -n"));
  }
}

TEST_CASE("http: running out of descriptors is an error that names the limit, and passes") {
  for (const bool secure : {false, true}) {
    RawServer warm({Reply::json(200, "{}")});
    RawServer server({Reply::json(200, "{}")}, secure ? tls(true) : ServerOptions());
    Runtime runtime(secure ? RuntimeOptions().ca_file(server.ca_file()) : RuntimeOptions());
    // UBSan looks at an object of a new type through a pipe, which it could not make later.
    CHECK_THROWS_AS(exchange(runtime, post(warm.url()), HttpLimits().max_header_bytes(1)),
                    LimitError);
    CHECK(exchange(runtime, post(warm.url())).status == 200);  // the loop has its descriptors
    for (int i = 0; i < 3; ++i) check_names_limit(exchange_without(0, runtime, server.url()));
    CHECK(exchange(runtime, post(server.url())).status == 200);
    Runtime other;  // has not even a loop
    check_names_limit(exchange_without(1, other, warm.url()));
  }
}

TEST_CASE("http: a URL that cannot be used is refused before anything is sent") {
  RawServer server({Reply::json(200, "{}")});
  Runtime runtime;
  const std::string host = "127.0.0.1:" + std::to_string(server.port());
  const std::vector<std::string> urls = {"",
                                         "no url",
                                         "ftp://" + host,
                                         "file:///etc/passwd",
                                         host,
                                         "http://user:s3cr3t@" + host,
                                         "ftp://user:s3cr3t@" + host,
                                         "http://u:s3cr3t@h:99999/",
                                         "http://" + host + "/a b",
                                         "http://" + host + "/a\r\nX: y",
                                         "http://" + host + std::string("/\0", 2),
                                         "http://",
                                         "gopher://" + host + "/?key=s3cr3t"};
  for (const std::string& url : urls) {
    const Error error = failure_of(runtime, post(url));
    INFO(error.what());
    CHECK(error.kind() == ErrorKind::invalid_request);
    CHECK_THAT(error.what(), !Catch::Contains("s3cr3t"));
  }
  CHECK(server.counts().accepted == 0);
  CHECK(exchange(runtime, post("HTTP://" + host + "/x")).status == 200);
}

}  // namespace
}  // namespace lian
