// The fetch tool: what it may reach and what not.
#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "agent/guarded_fetch.hpp"
#include "agent/host_name.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"
#include "support/corpus.hpp"
#include "support/raw_server.hpp"

namespace lian {
namespace {

using namespace std::chrono_literals;
using test::RawServer;
using test::Reply;
using test::Request;

std::vector<std::string> to_public(const std::string&, int) { return {"93.184.216.34"}; }

std::string checked(const std::string& url, const Resolve& resolve = &to_public) {
  try {
    check_url(url, FetchOptions(), resolve);
    return "allow";
  } catch (const Error& error) {
    return error.kind() == ErrorKind::permission || error.kind() == ErrorKind::invalid_request
               ? "block"
               : std::string("error ") + error.what();
  }
}

TEST_CASE("fetch: the table of hostile and harmless addresses") {
  int seen = 0;
  for (const auto& row : test::read_tsv("ssrf_urls.tsv")) {
    if (row.at(1) == "scenario") continue;  // below, over servers
    INFO(row.at(1) << ": " << row.at(2));
    CHECK(checked(row.at(2)) == row.at(0));
    ++seen;
  }
  CHECK(seen > 100);
}

TEST_CASE("fetch: names of other scripts as they are looked up") {
  CHECK(ascii_host("例え.example") == "xn--r8jz45g.example");
  CHECK(ascii_host("Bücher.EXAMPLE") == "xn--bcher-kva.example");
  CHECK(ascii_host("пример.испытание") == "xn--e1afmkfd.xn--80akhbyknj4f");
  CHECK(ascii_host("他们为什么不说中文") == "xn--ihqwcrb4cv8a8dqg056pqjye");
  CHECK(ascii_host("１２７。０．０.１") == "127.0.0.1");
  CHECK(ascii_host("lo\xC2\xAD"
                   "calhost") == "localhost");
  CHECK(ascii_host("a\xff"
                   ".example")
            .empty());
  CHECK(ascii_host(std::string(64, 'a')).empty());
}

TEST_CASE("fetch: a name is refused when any address behind it is private") {
  const auto to = [](std::vector<std::string> addresses) {
    return [addresses](const std::string&, int) { return addresses; };
  };
  CHECK(checked("http://multi.example/", to({"93.184.216.34", "10.0.0.1"})) == "block");
  CHECK(checked("http://six.example/", to({"::1"})) == "block");
  CHECK(checked("http://scope.example/", to({"fe80::1%eth0"})) == "block");
  CHECK(checked("http://mapped.example/", to({"::ffff:10.0.0.1"})) == "block");
  CHECK(checked("http://public.example/", to({"93.184.216.34", "2606:4700:4700::1111"})) ==
        "allow");
}

// A server on loopback, and options that reach it.
FetchOptions reaching(const RawServer& server) {
  const std::string url = server.url();
  return FetchOptions().allow_private().allow_port(
      static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
}

ToolMessage fetch(const std::string& url, FetchOptions options, Context context = Context::root()) {
  return fetch_tool(options).invoke(ToolCall("1", "fetch", Json::object({{"url", url}}).dump()),
                                    std::move(context));
}

TEST_CASE("fetch: gives the page, and where it was") {
  RawServer server([](const Request& request) {
    if (request.path() == "/old") return Reply::http(302, {{"Location", "/new?a=b#c"}}, "");
    return Reply::http(200, {{"Content-Type", "text/plain"}}, "hello from " + request.path());
  });
  const ToolMessage page = fetch(server.url() + "/old", reaching(server));
  CHECK(page.content() == "hello from /new");
  CHECK(page.artifact["url"] == Json(server.url() + "/new?a=b"));
  CHECK(page.artifact["status"] == Json(200));
  CHECK(page.artifact["content_type"] == Json("text/plain"));
}

TEST_CASE("fetch: loopback is refused before a connection is made") {
  RawServer server([](const Request&) { return Reply::http(200, {}, "secret"); });
  const std::string port = server.url().substr(server.url().rfind(':') + 1);
  const FetchOptions options =
      FetchOptions().allow_port(static_cast<std::uint16_t>(std::stoi(port)));
  const std::string said = test::message_of([&] { fetch(server.url(), options); });
  CHECK(said.find("127.0.0.1 is not of the public internet") != std::string::npos);
  CHECK(server.requests().empty());
}

TEST_CASE("fetch: a name that turns to loopback after it was checked reaches nothing") {
  RawServer server([](const Request&) { return Reply::http(200, {}, "secret"); });
  const auto port =
      static_cast<std::uint16_t>(std::stoi(server.url().substr(server.url().rfind(':') + 1)));
  // What was checked is what is connected to: a lie of the resolver does not get past the socket.
  int asked = 0;
  const Resolve rebinding = [&asked](const std::string&, int) {
    return std::vector<std::string>{++asked == 1 ? "93.184.216.34" : "127.0.0.1"};
  };
  const FetchOptions options = FetchOptions().allow_port(port).timeout(300ms);
  const auto kind = test::kind_of([&] {
    guarded_fetch("http://rebind.example:" + std::to_string(port) + "/", options, Context::root(),
                  rebinding);
  });
  CHECK((kind == ErrorKind::network || kind == ErrorKind::timeout));
  CHECK(asked == 1);  // the connection goes to the address that was checked
  CHECK(test::kind_of([&] {
          guarded_fetch("http://rebind.example:" + std::to_string(port) + "/", options,
                        Context::root(), rebinding);
        }) == ErrorKind::permission);
  CHECK(server.requests().empty());
}

TEST_CASE("fetch: each redirect is checked as the first address was") {
  std::string target;
  RawServer server([&target](const Request&) {
    return Reply::http(302, {{"Location", target}}, "");
  });
  const auto to = [&](const std::string& url) {
    target = url;
    return test::message_of([&] { fetch(server.url() + "/r", reaching(server)); });
  };
  CHECK(to("file:///etc/passwd").find("only http and https") != std::string::npos);
  CHECK(to("http://127.0.0.1:22/").find("port 22") != std::string::npos);
  CHECK(to("http://user:pass@127.0.0.1/").find("user name") != std::string::npos);
  CHECK(to("/r").find("more than 5 redirects") != std::string::npos);
}

TEST_CASE("fetch: a long page, a slow one and a failing one end clearly") {
  RawServer server([](const Request& request) {
    if (request.path() == "/long") return Reply::http(200, {}, std::string(200'000, 'x')).chunked();
    if (request.path() == "/slow") return Reply::http(200, {}, "late").first_byte_delay(2s);
    return Reply::http(404, {}, "no such page");
  });
  const auto kind = [&](const std::string& path, FetchOptions options) {
    return test::message_of([&] { fetch(server.url() + path, options); });
  };
  CHECK(kind("/long", reaching(server)).find("longer than 131072 bytes") != std::string::npos);
  CHECK(kind("/slow", reaching(server).timeout(50ms)).find("took too long") != std::string::npos);
  CHECK(kind("/none", reaching(server)).find("status 404") != std::string::npos);
}

TEST_CASE("fetch: the caller's deadline ends it") {
  RawServer server(
      [](const Request&) { return Reply::http(200, {}, "late").first_byte_delay(2s); });
  const auto begin = Clock::now();
  CHECK(test::kind_of([&] {
          fetch(server.url(), reaching(server), Context::root().with_timeout(50ms));
        }) == ErrorKind::timeout);
  CHECK(Clock::now() - begin < 1500ms);
}

}  // namespace
}  // namespace lian
