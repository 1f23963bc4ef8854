// The forms that GCC 12 compiles rightly where the short one destroys an owning aggregate twice or
// does not compile. Each holds long strings, so that the sanitizers see a second destruction.
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lian/core/function.hpp"
#include "lian/core/runtime.hpp"
#include "lian/core/sleep.hpp"
#include "lian/core/stream.hpp"
#include "lian/core/task.hpp"
#include "support/catch.hpp"

using lian::Stream;
using lian::Task;
using namespace std::chrono_literals;

namespace {

struct Request {
  std::string url, body;
};

// The same with a constructor: no aggregate, free to appear anywhere.
class Call {
 public:
  Call(std::string url, std::string body) : url_(std::move(url)), body_(std::move(body)) {}
  const std::string& url() const { return url_; }

 private:
  std::string url_, body_;
};

std::string text(const char* start) { return std::string(start) + std::string(60, '.'); }
Request default_request() { return Request{text("default"), text("body")}; }

Task<std::string> send(Request request) {
  co_await lian::sleep(0ns);
  co_return request.url;
}
Task<std::string> call(Call request) {
  co_await lian::sleep(0ns);
  co_return request.url();
}
Task<std::string> send_all(std::vector<Request> requests) {
  co_await lian::sleep(0ns);
  co_return requests.back().url;
}
Task<std::string> send_pair(std::array<Request, 2> requests) {
  co_await lian::sleep(0ns);
  co_return requests[1].url;
}
Task<std::string> send_some(std::optional<Request> request) {
  co_await lian::sleep(0ns);
  co_return request->url;
}
Task<std::string> send_either(std::variant<int, Request> request) {
  co_await lian::sleep(0ns);
  co_return std::get<Request>(request).url;
}
Task<std::string> run(lian::Function<std::string()> function) {
  co_await lian::sleep(0ns);
  co_return function();
}
Task<Request> fetch(std::string url) {
  co_await lian::sleep(0ns);
  co_return Request{std::move(url), text("body")};
}
Task<bool> truth(bool value) {
  co_await lian::sleep(0ns);
  co_return value;
}

Task<std::string> named_local() {
  Request request = {text("named"), text("body")};
  co_return co_await send(std::move(request));
}
Task<std::string> named_task() {
  Task<std::string> task = send({text("task"), text("body")});
  co_return co_await std::move(task);
}
Task<std::string> from_factory() { co_return co_await send(default_request()); }
Task<std::string> with_constructor() {
  co_return co_await call(Call(text("constructor"), text("body")));
}
Task<std::string> named_containers() {
  std::vector<Request> list = {{text("a"), text("b")}, {text("list"), text("d")}};
  std::string out = co_await send_all(std::move(list));
  std::array<Request, 2> pair = {Request{text("a"), text("b")}, Request{text("pair"), text("d")}};
  out += co_await send_pair(std::move(pair));
  std::optional<Request> some = Request{text("some"), text("b")};
  out += co_await send_some(std::move(some));
  std::variant<int, Request> either = Request{text("either"), text("b")};
  out += co_await send_either(std::move(either));
  co_return out;
}
Task<std::string> named_lambda() {
  const std::string captured = text("captured");
  auto lambda = [captured] { return captured; };
  co_return co_await run(std::move(lambda));
}
Task<std::string> if_else(bool ask) {
  Request request;
  if (ask)
    request = co_await fetch(text("asked"));
  else
    request = default_request();
  co_return request.url;
}
Task<std::string> field_by_field() {
  Request request;
  Request first = co_await fetch(text("first"));
  Request second = co_await fetch(text("second"));
  request.url = std::move(first.url);
  request.body = std::move(second.url);
  co_return request.url + request.body;
}
Task<void> await_then_throw() {
  const Request request = co_await fetch(text("thrown"));
  throw std::runtime_error(request.url);
}
Stream<Request> named_elements() {
  for (int i = 0; i < 3; ++i) {
    Request request = {text("element"), std::to_string(i)};
    co_await lian::sleep(0ns);
    co_yield std::move(request);
  }
}
Task<std::string> reads_elements() {
  std::string all;
  Stream<Request> stream = named_elements();
  while (Request* request = co_await stream.next()) {
    const Request taken = std::move(*request);
    all += taken.body;
  }
  co_return all;
}
Task<std::string> fine_as_it_is() {
  std::string out = co_await call(Call(text("a") + text("b"), text("c")));
  std::vector<std::string> list;
  list.push_back(co_await send(default_request()));
  const auto shared = std::make_shared<Request>(co_await fetch(text("shared")));
  if (const std::string url = co_await send(default_request()); !url.empty()) out += shared->url;
  if (co_await truth(true) && !co_await truth(false)) out += list.front();
  for (const char letter : co_await send(default_request())) out += letter;
  co_return out;
}

}  // namespace

TEST_CASE("gcc12: arguments that own are named, moved or have a constructor") {
  CHECK(lian::block_on(named_local()) == text("named"));
  CHECK(lian::block_on(named_task()) == text("task"));
  CHECK(lian::block_on(from_factory()) == text("default"));
  CHECK(lian::block_on(with_constructor()) == text("constructor"));
  CHECK(lian::block_on(named_containers()) ==
        text("list") + text("pair") + text("some") + text("either"));
  CHECK(lian::block_on(named_lambda()) == text("captured"));
}

TEST_CASE("gcc12: results go through named locals, if and else") {
  CHECK(lian::block_on(if_else(true)) == text("asked"));
  CHECK(lian::block_on(if_else(false)) == text("default"));
  CHECK(lian::block_on(field_by_field()) == text("first") + text("second"));
  CHECK_THROWS_WITH(lian::block_on(await_then_throw()), text("thrown"));
  CHECK(lian::block_on(fetch(text("whole"))).url == text("whole"));
}

TEST_CASE("gcc12: elements of a stream are named before they are given") {
  CHECK(lian::block_on(reads_elements()) == "012");
}

TEST_CASE("gcc12: what is fine as it is") {
  CHECK(lian::block_on(fine_as_it_is()) ==
        text("a") + text("b") + text("shared") + text("default") + text("default"));
}
