#include "model/engine.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/runtime_access.hpp"
#include "lian/core/sleep.hpp"
#include "lian/core/when_all.hpp"
#include "model/call_error.hpp"
#include "model/retry.hpp"
#include "net/fetch.hpp"
#include "net/ndjson.hpp"
#include "net/sse.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {

Line::Line(Endpoint line_endpoint, const ModelConfig& config)
    : endpoint(std::move(line_endpoint)), limits(config.limits()), timeout(config.timeout()) {
  if (config.max_concurrency() > 0) turns.emplace(config.max_concurrency());
}

namespace {

constexpr std::size_t embedding_requests_at_once = 4;
constexpr std::size_t embedding_request_bytes = std::size_t{256} << 10;
constexpr std::size_t error_body_bytes = std::size_t{64} << 10;

// FNV-1a (Fowler, Noll, Vo 1991).
std::uint64_t hash(std::string_view text) noexcept {
  std::uint64_t value = 14695981039346656037U;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return value;
}

// The same on every try of a call, so that the provider can tell a repeated request from a new one:
// tries of the engine share the request, those of `with_retry` the call's id and what is sent.
std::string idempotency_key(const HttpRequest& request, const Context& context) {
  if (const Value* call = context.metadata().find(call_metadata))
    return fmt::format("lian-{}{:016x}", call->to_text(), hash(request.url) ^ hash(request.body));
  Runtime& runtime = context.runtime();
  return fmt::format("lian-{:016x}{:016x}", detail::random_bits(runtime),
                     detail::random_bits(runtime));
}

void prepare(HttpRequest& request, const Line& line, const Context& context) {
  for (const auto& [name, value] : line.endpoint.headers.fields()) request.headers.set(name, value);
  request.headers.set("Idempotency-Key", idempotency_key(request, context));
}

// Reads the body of a reply that is an error; a body that does not come does not hide the status.
Task<HttpReply> read_error(HttpResponse response) {
  HttpReply reply;
  reply.status = response.status;
  reply.headers = std::move(response.headers);
  try {
    while (std::string* bytes = co_await response.body.next()) {
      reply.body += *bytes;
      if (reply.body.size() > error_body_bytes) break;
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
  }
  co_return reply;
}

Task<HttpResponse> send_once(HttpRequest request, std::shared_ptr<const Line> line,
                             Context context) {
  HttpTransport& transport = context.runtime().http();
  Task<HttpResponse> sending = transport.send(std::move(request), line->limits);
  co_return co_await std::move(sending);
}

bool is_success(int status) { return status >= 200 && status < 300; }

// One request and its whole reply; anything but success is an ApiError.
template <class Codec>
Task<HttpReply> exchange_once(HttpRequest request, std::shared_ptr<const Line> line,
                              std::shared_ptr<const Codec> codec, Context context) {
  Task<HttpResponse> sending = send_once(std::move(request), line, std::move(context));
  HttpResponse response = co_await std::move(sending);
  if (is_success(response.status)) {
    Task<HttpReply> reading = read_whole(std::move(response));
    co_return co_await std::move(reading);
  }
  Task<HttpReply> reading = read_error(std::move(response));
  HttpReply reply = co_await std::move(reading);
  throw codec->classify(reply, line->endpoint);
}

// A request with all its tries.
template <class Codec>
Task<HttpReply> exchange(HttpRequest request, std::shared_ptr<const Line> line,
                         std::shared_ptr<const Codec> codec, std::string step, std::string model,
                         Context context) {
  RetryPlan plan(context, std::move(step), line->endpoint.base_url);
  while (true) {
    std::exception_ptr failure;
    try {
      HttpRequest copy = request;
      Task<HttpReply> trying = exchange_once(std::move(copy), line, codec, context);
      HttpReply reply = co_await std::move(trying);
      plan.succeeded();
      co_return reply;
    } catch (const Error&) {
      failure = call_error(*line, model);
    }
    const std::chrono::nanoseconds wait = plan.next(failure);
    Sleep sleeping = lian::sleep(wait);
    co_await sleeping;
  }
}

// Cuts a body into events, whatever the framing.
class Events {
 public:
  Events(Framing framing, const HttpLimits& limits)
      : framing_(framing), sse_(options(limits)), ndjson_(limits.max_event_bytes()) {}

  /// `bytes` must hold until `next` returns false.
  void feed(std::string_view bytes) { bytes_ = bytes; }
  void end() {
    if (framing_ == Framing::ndjson) ndjson_.end();
  }
  bool next(std::string_view& type, std::string_view& data) {
    while (!take(type, data)) {
      if (bytes_.empty()) return false;
      const std::string_view slice = bytes_.substr(0, slice_bytes);
      bytes_.remove_prefix(slice.size());
      if (framing_ == Framing::sse)
        sse_.feed(slice);
      else
        ndjson_.feed(slice);
    }
    return true;
  }
  std::size_t replacements() const noexcept {
    return framing_ == Framing::sse ? sse_.replacements() : ndjson_.replacements();
  }

 private:
  static SseOptions options(const HttpLimits& limits) {
    SseOptions out;
    out.max_line_bytes = out.max_event_bytes = limits.max_event_bytes();
    out.error_field = true;
    return out;
  }
  bool take(std::string_view& type, std::string_view& data) {
    if (framing_ == Framing::ndjson) return ndjson_.next(data);
    if (!sse_.next(event_)) return false;
    type = event_.type;
    data = event_.data;
    return true;
  }
  // Small enough for the parsers' buffers to stay in the processor's cache.
  static constexpr std::size_t slice_bytes = std::size_t{16} << 10;
  Framing framing_;
  std::string_view bytes_;
  SseParser sse_;
  NdjsonParser ndjson_;
  SseEvent event_;
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// A stream that was asked for and answered by one JSON document or a gateway's page.
bool is_stream(const HttpHeaders& headers) {
  const std::string* type = headers.find("content-type");
  if (!type) return true;
  const std::string word = lower(*type);
  return !word.starts_with("application/json") && !word.starts_with("text/html");
}

class EngineChat final : public ChatStep {
 public:
  EngineChat(std::shared_ptr<const Line> line, std::shared_ptr<const ChatCodec> codec,
             ChatOptions options)
      : line_(std::move(line)), codec_(std::move(codec)), options_(std::move(options)) {}

  std::string name() const override {
    return fmt::format("{}:{}", line_->endpoint.provider, options_.model());
  }
  bool streams() const noexcept override { return true; }
  std::shared_ptr<const ChatStep> with_options(const ChatOptions& options) const override {
    return std::make_shared<EngineChat>(line_, codec_, options_.merged(options));
  }

  Task<AIMessage> run(ChatInput in, Context context) const override {
    if (line_->timeout) context = context.with_timeout(*line_->timeout);
    ContextScope::Enter enter(context);
    ContextScope scope = co_await enter;
    Semaphore::Permit permit;
    if (line_->turns) {
      Semaphore::Acquire acquire = line_->turns->acquire();
      permit = co_await acquire;
    }
    HttpRequest request = encode(std::move(in), false, context);
    Task<HttpReply> exchanging =
        exchange(std::move(request), line_, codec_, name(), options_.model(), std::move(context));
    HttpReply reply = co_await std::move(exchanging);
    AIMessage message = decode(reply);
    co_return message;
  }

  Stream<ChatPiece> transform(Stream<ChatInput> in, Context context) const override {
    if (line_->timeout) context = context.with_timeout(*line_->timeout);
    ContextScope::Enter enter(context);
    ContextScope scope = co_await enter;
    Task<ChatInput> joining = join<ChatInput>(std::move(in));
    ChatInput input = co_await std::move(joining);
    Semaphore::Permit permit;
    if (line_->turns) {
      Semaphore::Acquire acquire = line_->turns->acquire();
      permit = co_await acquire;
    }
    const HttpRequest request = encode(std::move(input), true, context);
    RetryPlan plan(context, name(), line_->endpoint.base_url);
    std::string partial;
    bool handed = false;
    while (true) {
      std::exception_ptr failure;
      try {
        HttpRequest copy = request;
        Task<HttpResponse> opening = open(std::move(copy), context);
        HttpResponse response = co_await std::move(opening);
        if (!is_stream(response.headers)) {
          Task<HttpReply> reading = read_whole(std::move(response));
          HttpReply reply = co_await std::move(reading);
          ChatPiece piece = to_piece(decode(reply));
          plan.succeeded();
          handed = true;
          co_yield piece;
          co_return;
        }
        const std::unique_ptr<ChatStreamDecoder> decoder = codec_->decoder();
        Events events(codec_->framing(), line_->limits);
        std::string_view type, data;
        ChatPiece piece;
        while (std::string* bytes = co_await response.body.next()) {
          events.feed(*bytes);
          while (!decoder->finished() && events.next(type, data)) {
            for (bool more = decoder->decode(type, data, piece); more; more = decoder->next(piece)) {
              if (!handed) plan.succeeded();
              handed = true;
              partial += piece.text;
              co_yield piece;
            }
          }
          if (decoder->finished()) break;
        }
        if (!decoder->finished()) {
          events.end();
          while (events.next(type, data)) {
            for (bool more = decoder->decode(type, data, piece); more; more = decoder->next(piece)) {
              handed = true;
              partial += piece.text;
              co_yield piece;
            }
          }
        }
        if (!decoder->complete()) throw cut("the reply ended before its terminal sign");
        if (response.complete) response.complete();
        if (events.replacements() > 0)
          context.warn(name(), fmt::format("{} invalid UTF-8 sequence(s) in the reply became U+FFFD",
                                           events.replacements()));
        co_return;
      } catch (const Error&) {
        failure = call_error(*line_, options_.model());
      }
      if (handed) rethrow_with(failure, std::move(partial));
      const std::chrono::nanoseconds wait = plan.next(failure);
      Sleep sleeping = lian::sleep(wait);
      co_await sleeping;
    }
  }

 private:
  HttpRequest encode(ChatInput in, bool stream, const Context& context) const {
    ChatRequest request(std::move(in.messages), options_);
    request.stream = stream;
    HttpRequest http = codec_->encode(request, line_->endpoint);
    http.stream = stream;
    prepare(http, *line_, context);
    return http;
  }

  AIMessage decode(const HttpReply& reply) const {
    try {
      AIMessage message = codec_->decode(reply);
      message.provider = line_->endpoint.provider;
      return message;
    } catch (const Error&) {
      std::rethrow_exception(call_error(*line_, options_.model()));
    }
  }

  TruncatedError cut(std::string_view why) const {
    TruncatedError error(fmt::format("{} ({}): nothing of it is an answer; try again",
                                     why, host_of(line_->endpoint.base_url)),
                         std::string());
    error.provider = line_->endpoint.provider;
    error.model = options_.model();
    error.host = host_of(line_->endpoint.base_url);
    return error;
  }

  // Text was handed on: what ends the stream now is a truncation of it, unless the caller ended it.
  [[noreturn]] void rethrow_with(const std::exception_ptr& failure, std::string partial) const {
    try {
      std::rethrow_exception(failure);
    } catch (TruncatedError& error) {
      error.partial = std::move(partial);
      throw;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::network && error.kind() != ErrorKind::truncated) throw;
      TruncatedError truncated = cut(error.message());
      truncated.partial = std::move(partial);
      throw truncated;
    }
  }

  // Opens a streamed reply; an error status is read and thrown.
  Task<HttpResponse> open(HttpRequest request, Context context) const {
    Task<HttpResponse> sending = send_once(std::move(request), line_, std::move(context));
    HttpResponse response = co_await std::move(sending);
    if (is_success(response.status)) co_return response;
    Task<HttpReply> reading = read_error(std::move(response));
    HttpReply reply = co_await std::move(reading);
    throw codec_->classify(reply, line_->endpoint);
  }

  std::shared_ptr<const Line> line_;
  std::shared_ptr<const ChatCodec> codec_;
  ChatOptions options_;
};

class EngineEmbedder final : public Embedder {
 public:
  EngineEmbedder(std::shared_ptr<const Line> line, std::shared_ptr<const EmbeddingCodec> codec,
                 std::string model, int dimensions, std::size_t batch_size)
      : line_(std::move(line)),
        codec_(std::move(codec)),
        model_(std::move(model)),
        dimensions_(dimensions),
        batch_size_(batch_size > 0 ? std::min(batch_size, codec_->max_batch())
                                   : codec_->max_batch()) {}

  std::string name() const override {
    return fmt::format("{}:{}", line_->endpoint.provider, model_);
  }
  std::size_t dimensions() const noexcept override {
    return static_cast<std::size_t>(std::max(dimensions_, 0));
  }

  Task<std::vector<Embedding>> embed(std::vector<std::string> texts,
                                     Context context) const override {
    if (line_->timeout) context = context.with_timeout(*line_->timeout);
    ContextScope::Enter enter(context);
    ContextScope scope = co_await enter;
    refuse_empty(texts);
    Semaphore at_once(embedding_requests_at_once);
    std::vector<Task<std::vector<Embedding>>> tasks;
    for (std::vector<std::string>& batch : batches(std::move(texts)))
      tasks.push_back(embed_batch(std::move(batch), at_once, context));
    Task<std::vector<std::vector<Embedding>>> all = when_all(std::move(tasks));
    std::vector<std::vector<Embedding>> parts = co_await std::move(all);
    std::vector<Embedding> rows;
    for (auto& part : parts)
      for (Embedding& row : part) rows.push_back(std::move(row));
    co_return rows;
  }

 private:
  static void refuse_empty(const std::vector<std::string>& texts) {
    for (std::size_t i = 0; i < texts.size(); ++i)
      if (texts[i].empty())
        throw Error(ErrorKind::validation,
                    fmt::format("text {} of {} to embed is empty; leave it out", i + 1,
                                texts.size()));
  }

  std::vector<std::vector<std::string>> batches(std::vector<std::string> texts) const {
    std::vector<std::vector<std::string>> out;
    std::size_t bytes = 0;
    for (std::string& text : texts) {
      if (out.empty() || out.back().size() >= batch_size_ ||
          bytes + text.size() > embedding_request_bytes) {
        out.emplace_back();
        bytes = 0;
      }
      bytes += text.size();
      out.back().push_back(std::move(text));
    }
    return out;
  }

  Task<std::vector<Embedding>> embed_batch(std::vector<std::string> texts, Semaphore at_once,
                                           Context context) const {
    Semaphore::Acquire acquire = at_once.acquire();
    Semaphore::Permit permit = co_await acquire;
    Semaphore::Permit turn;
    if (line_->turns) {
      Semaphore::Acquire waiting = line_->turns->acquire();
      turn = co_await waiting;
    }
    HttpRequest request = codec_->encode(texts, model_, dimensions_, line_->endpoint);
    prepare(request, *line_, context);
    Task<HttpReply> exchanging =
        exchange(std::move(request), line_, codec_, name(), model_, std::move(context));
    HttpReply reply = co_await std::move(exchanging);
    std::vector<Embedding> rows = decode(reply, texts.size());
    co_return rows;
  }

  std::vector<Embedding> decode(const HttpReply& reply, std::size_t count) const {
    try {
      return codec_->decode(reply, count);
    } catch (const Error&) {
      std::rethrow_exception(call_error(*line_, model_));
    }
  }

  std::shared_ptr<const Line> line_;
  std::shared_ptr<const EmbeddingCodec> codec_;
  std::string model_;
  int dimensions_;
  std::size_t batch_size_;
};

}  // namespace

std::shared_ptr<const ChatStep> engine_chat(std::shared_ptr<const Line> line,
                                            std::shared_ptr<const ChatCodec> codec,
                                            ChatOptions options) {
  return std::make_shared<EngineChat>(std::move(line), std::move(codec), std::move(options));
}

std::shared_ptr<const Embedder> engine_embedder(std::shared_ptr<const Line> line,
                                                std::shared_ptr<const EmbeddingCodec> codec,
                                                std::string model, int dimensions,
                                                std::size_t batch_size) {
  return std::make_shared<EngineEmbedder>(std::move(line), std::move(codec), std::move(model),
                                          dimensions, batch_size);
}

}  // namespace v0
}  // namespace lian
