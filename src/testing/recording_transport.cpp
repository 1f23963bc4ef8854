#include "testing/recording_transport.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/redact.hpp"
#include "lian/core/sleep.hpp"
#include "testing/request_match.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {
namespace testing {

// ------------------------------------------------------------------ what is recorded

std::size_t ExchangeLog::open(const HttpRequest& request) {
  RecordedExchange exchange = without_secrets(request);
  std::vector<std::string> secrets = secrets_of(request);
  const std::lock_guard lock(mutex_);
  exchanges_.push_back(std::move(exchange));
  secrets_.push_back(std::move(secrets));
  return exchanges_.size() - 1;
}

void ExchangeLog::head(std::size_t number, int status, const HttpHeaders& headers) {
  const std::lock_guard lock(mutex_);
  RecordedExchange& exchange = exchanges_[number];
  exchange.status = status;
  exchange.reply_headers = without_secrets(headers, secrets_[number]);
}

void ExchangeLog::chunk(std::size_t number, const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  exchanges_[number].chunks.push_back(bytes);
}

void ExchangeLog::end(std::size_t number) {
  const std::lock_guard lock(mutex_);
  exchanges_[number].end = RecordedExchange::End::whole;
}

void ExchangeLog::fail(std::size_t number, const Error& error) {
  const std::lock_guard lock(mutex_);
  RecordedExchange& exchange = exchanges_[number];
  // Whoever cancelled it does so in the replay.
  const bool ended_by_us = error.kind() == ErrorKind::cancelled;
  exchange.end = ended_by_us ? RecordedExchange::End::dropped : RecordedExchange::End::failed;
  exchange.error_kind = error.kind();
  exchange.error = redact(error.message(), secrets_[number]);
}

namespace {

// A credential that lies across chunks shows only in all of them together: then they are one.
void clean_chunks(std::vector<std::string>& chunks, const std::vector<std::string>& secrets) {
  std::string all, each;
  std::vector<std::string> clean;
  for (const std::string& chunk : chunks) {
    all += chunk;
    clean.push_back(without_secrets(chunk, secrets));
    each += clean.back();
  }
  std::string whole = without_secrets(all, secrets);
  if (whole != each) clean.assign(1, std::move(whole));
  chunks = std::move(clean);
}

}  // namespace

std::deque<RecordedExchange> ExchangeLog::exchanges() const {
  const std::lock_guard lock(mutex_);
  std::deque<RecordedExchange> copy = exchanges_;
  for (std::size_t i = 0; i < copy.size(); ++i) clean_chunks(copy[i].chunks, secrets_[i]);
  return copy;
}

namespace {

Stream<std::string> recorded_body(std::shared_ptr<ExchangeLog> log, std::size_t number,
                                  Stream<std::string> body) {
  try {
    while (std::string* bytes = co_await body.next()) {
      log->chunk(number, *bytes);
      co_yield *bytes;
    }
    log->end(number);
  } catch (const Error& error) {
    log->fail(number, error);
    throw;
  }
}

Task<HttpResponse> recorded_send(std::shared_ptr<HttpTransport> inner,
                                 std::shared_ptr<ExchangeLog> log, HttpRequest request,
                                 HttpLimits limits) {
  const std::size_t number = log->open(request);
  try {
    Task<HttpResponse> sending = inner->send(std::move(request), limits);
    HttpResponse response = co_await std::move(sending);
    log->head(number, response.status, response.headers);
    Stream<std::string> body = recorded_body(log, number, std::move(response.body));
    HttpResponse out(response.status, std::move(response.headers), std::move(body));
    out.complete = std::move(response.complete);
    co_return out;
  } catch (const Error& error) {
    log->fail(number, error);
    throw;
  }
}

Task<HttpReply> recorded_fetch(std::shared_ptr<HttpTransport> inner,
                               std::shared_ptr<ExchangeLog> log, HttpRequest request,
                               HttpLimits limits) {
  const std::size_t number = log->open(request);
  try {
    Task<HttpReply> fetching = inner->fetch(std::move(request), limits);
    HttpReply reply = co_await std::move(fetching);
    log->head(number, reply.status, reply.headers);
    log->chunk(number, reply.body);
    log->end(number);
    co_return reply;
  } catch (const Error& error) {
    log->fail(number, error);
    throw;
  }
}

class RecordingTransport final : public HttpTransport {
 public:
  RecordingTransport(std::shared_ptr<HttpTransport> inner, std::shared_ptr<ExchangeLog> log)
      : inner_(std::move(inner)), log_(std::move(log)) {}
  Task<HttpResponse> send(HttpRequest request, HttpLimits limits) override {
    return recorded_send(inner_, log_, std::move(request), limits);
  }
  Task<HttpReply> fetch(HttpRequest request, HttpLimits limits) override {
    return recorded_fetch(inner_, log_, std::move(request), limits);
  }

 private:
  std::shared_ptr<HttpTransport> inner_;
  std::shared_ptr<ExchangeLog> log_;
};

}  // namespace

// ------------------------------------------------------------------ what is replayed

ExchangeShelf::ExchangeShelf(std::string path, std::deque<RecordedExchange> exchanges)
    : path_(std::move(path)), exchanges_(std::move(exchanges)) {
  for (const RecordedExchange& exchange : exchanges_)
    waiting_[match_key(exchange)].push_back(&exchange);
}

const RecordedExchange& ExchangeShelf::take(const HttpRequest& request) {
  const RecordedExchange asked = without_secrets(request);
  const std::string key = match_key(asked);
  {
    const std::lock_guard lock(mutex_);
    const auto it = waiting_.find(key);
    if (it != waiting_.end() && !it->second.empty()) {
      const RecordedExchange& next = *it->second.front();
      it->second.pop_front();
      return next;
    }
  }
  throw Error(ErrorKind::config,
              fmt::format("recording {} has no reply to {} {}: {}. Record it again if the change "
                          "is wanted",
                          path_, asked.method, asked.url, difference(asked, exchanges_)));
}

std::size_t ExchangeShelf::unused() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& [key, exchanges] : waiting_) count += exchanges.size();
  return count;
}

namespace {

constexpr std::chrono::seconds longest_wait(5);

// Where the reader dropped the reply it is expected to do so again.
Task<void> after_the_end(std::shared_ptr<ExchangeShelf> shelf, const RecordedExchange* exchange) {
  static_cast<void>(shelf);  // keeps the exchange
  if (exchange->end == RecordedExchange::End::failed)
    throw Error(exchange->error_kind, exchange->error);
  if (exchange->end == RecordedExchange::End::whole) co_return;
  Sleep waiting = lian::sleep(longest_wait);
  co_await waiting;
  throw Error(ErrorKind::config,
              fmt::format("the reply to {} {} (line {}) was not read to its end when it was "
                          "recorded; record it again",
                          exchange->method, exchange->url, exchange->line));
}

Stream<std::string> replayed_body(std::shared_ptr<ExchangeShelf> shelf,
                                  const RecordedExchange* exchange) {
  for (const std::string& chunk : exchange->chunks) {
    std::string bytes = chunk;
    co_yield bytes;
  }
  Task<void> ending = after_the_end(shelf, exchange);
  co_await std::move(ending);
}

Task<HttpResponse> replayed_send(std::shared_ptr<ExchangeShelf> shelf, HttpRequest request) {
  const RecordedExchange* const exchange = &shelf->take(request);
  if (exchange->status == 0) {
    Task<void> ending = after_the_end(shelf, exchange);
    co_await std::move(ending);
  }
  Stream<std::string> body = replayed_body(shelf, exchange);
  HttpHeaders headers = exchange->reply_headers;
  co_return HttpResponse(exchange->status, std::move(headers), std::move(body));
}

class ReplayingTransport final : public HttpTransport {
 public:
  explicit ReplayingTransport(std::shared_ptr<ExchangeShelf> shelf) : shelf_(std::move(shelf)) {}
  Task<HttpResponse> send(HttpRequest request, HttpLimits) override {
    return replayed_send(shelf_, std::move(request));
  }

 private:
  std::shared_ptr<ExchangeShelf> shelf_;
};

}  // namespace

std::shared_ptr<HttpTransport> recording_transport(std::shared_ptr<HttpTransport> inner,
                                                   std::shared_ptr<ExchangeLog> log) {
  return std::make_shared<RecordingTransport>(std::move(inner), std::move(log));
}
std::shared_ptr<HttpTransport> replaying_transport(std::shared_ptr<ExchangeShelf> shelf) {
  return std::make_shared<ReplayingTransport>(std::move(shelf));
}

}  // namespace testing
}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
