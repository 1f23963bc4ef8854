#include "model/engine.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/ascii.hpp"
#include "model/abilities.hpp"
#include "model/exchange.hpp"
#include "model/stream_events.hpp"
#include "net/fetch.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {

Line::Line(Endpoint line_endpoint, const ModelConfig& config,
           std::shared_ptr<TokenSource> token_source)
    : endpoint(std::move(line_endpoint)),
      limits(config.limits()),
      timeout(config.timeout()),
      tokens(std::move(token_source)) {
  if (config.max_concurrency() > 0) turns.emplace(config.max_concurrency());
}

namespace {

constexpr std::string_view blanks = " \t\r\n";

bool is_blank(std::string_view text) { return text.find_first_not_of(blanks) == text.npos; }

// Whether a stream that was asked for was answered by one, and not by a JSON document, a gateway's
// page or words. Streams and errors are often mislabelled: unless the type is that of an event
// stream, it is one when it begins like one (SSE: with a comment, data, event, error, id, retry or a
// BOM). `begin` is empty or blank when nothing else came.
bool is_stream(const HttpHeaders& headers, Framing framing, std::string_view begin) {
  if (framing == Framing::websocket) return true;
  const std::string* type = headers.find("content-type");
  const std::string word = type ? ascii_lower(*type) : std::string();
  if (word.starts_with("text/event-stream")) return true;
  if (is_blank(begin))
    return !word.starts_with("application/json") && !word.starts_with("text/html");
  const char first = begin[begin.find_first_not_of(blanks)];
  switch (framing) {
    case Framing::ndjson:
      return first == '{';
    case Framing::json_array:
      return first == '[';
    default:
      return std::string_view(":deir\xEF").find(first) != std::string_view::npos;
  }
}

using RequestPtr = std::unique_ptr<const ChatRequest>;

// Writes the request of each try. What of its meaning had to be changed is told once.
class EncodeChat {
 public:
  EncodeChat(std::shared_ptr<const ChatCodec> codec, std::shared_ptr<const Line> line,
             RequestPtr request, std::string_view step, Context context)
      : codec_(std::move(codec)),
        line_(std::move(line)),
        request_(std::move(request)),
        step_(step),
        context_(std::move(context)) {}

  HttpRequest operator()() {
    std::vector<std::string> warnings;
    HttpRequest http = codec_->encode(*request_, line_->endpoint, warnings);
    http.stream = request_->stream;
    if (std::exchange(told_, true)) return http;
    for (const std::string& warning : warnings) context_.warn(step_, warning);
    return http;
  }
  const ChatRequest& request() const noexcept { return *request_; }
  /// There is to be no further try.
  void forget() { request_ = nullptr; }

 private:
  std::shared_ptr<const ChatCodec> codec_;
  std::shared_ptr<const Line> line_;
  RequestPtr request_;
  std::string_view step_;
  Context context_;
  bool told_ = false;
};

struct EncodeCount {
  EncodeCount(std::shared_ptr<const ChatCodec> chat_codec, std::shared_ptr<const Line> to,
              RequestPtr wanted)
      : codec(std::move(chat_codec)), line(std::move(to)), request(std::move(wanted)) {}
  HttpRequest operator()() const { return codec->encode_count(*request, line->endpoint); }
  std::shared_ptr<const ChatCodec> codec;
  std::shared_ptr<const Line> line;
  RequestPtr request;
};

struct DecodeChat {
  using Result = AIMessage;
  DecodeChat(std::shared_ptr<const ChatCodec> chat_codec, std::shared_ptr<const Line> from,
             bool raw)
      : codec(std::move(chat_codec)), line(std::move(from)), keep_raw(raw) {}
  Result operator()(const HttpReply& reply) const {
    AIMessage message = codec->decode(reply);
    message.provider = line->endpoint.provider;
    if (keep_raw) message.extra.set("raw", Json::parse(reply.body));
    return message;
  }
  std::shared_ptr<const ChatCodec> codec;
  std::shared_ptr<const Line> line;
  bool keep_raw;
};

struct DecodeCount {
  using Result = std::int64_t;
  explicit DecodeCount(std::shared_ptr<const ChatCodec> chat_codec)
      : codec(std::move(chat_codec)) {}
  Result operator()(const HttpReply& reply) const { return codec->decode_count(reply); }
  std::shared_ptr<const ChatCodec> codec;
};

// The events of a stream as they came, where they are asked for.
class RawEvents {
 public:
  explicit RawEvents(bool wanted) : wanted_(wanted) {}
  void keep(std::string_view data) {
    if (!wanted_) return;
    try {
      events_.push_back(Json::parse(data));
    } catch (const ParseError&) {
      events_.push_back(Json(data));
    }
  }
  bool take(ChatPiece& piece) {
    if (!wanted_) return false;
    piece.clear();
    piece.extra.set("raw", std::move(events_));
    return true;
  }

 private:
  bool wanted_;
  Json events_ = Json::array();
};

// What reads a stream; not there before something comes, so that waiting costs less.
struct StreamReading {
  StreamReading(const ChatCodec& codec, const ChatRequest& request, const HttpLimits& limits,
                bool keep_raw)
      : decoder(codec.decoder(request)), events(codec, limits), raw(keep_raw) {}
  std::unique_ptr<ChatStreamDecoder> decoder;
  StreamEvents events;
  RawEvents raw;
  StreamEvent event;
  ChatPiece piece;
};

class EngineChat final : public ChatStep {
 public:
  EngineChat(std::shared_ptr<const Line> line, std::shared_ptr<const ChatCodec> codec,
             ChatOptions options)
      : line_(std::move(line)),
        codec_(std::move(codec)),
        options_(std::move(options)),
        name_(line_->endpoint.provider + ":" + options_.model()) {}

  std::string name() const override { return name_; }
  bool streams() const noexcept override {
    return codec_->abilities(options_.model()).streaming;
  }
  std::shared_ptr<const ChatStep> with_options(const ChatOptions& options) const override {
    return std::make_shared<EngineChat>(line_, codec_, options_.merged(options));
  }

  Task<AIMessage> run(ChatInput in, Context context) const override {
    if (line_->timeout) context = context.with_timeout(*line_->timeout);
    ContextScope::Enter enter(context);
    ContextScope scope = co_await enter;
    Semaphore::Permit permit;
    if (codec_->only_streams()) {
      Task<AIMessage> collecting = run_streamed(std::move(in), std::move(context));
      co_return co_await std::move(collecting);
    }
    if (line_->turns) {
      Semaphore::Acquire acquire = line_->turns->acquire();
      permit = co_await acquire;
    }
    RequestPtr wanted = fitted(std::move(in), false, context);
    DecodeChat decode(codec_, line_, wanted->options.keep_raw());
    EncodeChat encode(codec_, line_, std::move(wanted), name_, context);
    Task<AIMessage> exchanging = exchange(std::move(encode), line_, codec_, std::move(decode),
                                          name_, options_.model(), std::move(context));
    co_return co_await std::move(exchanging);
  }

  // A vendor without streams is asked the plain way: the reply is one piece.
  Stream<ChatPiece> transform(Stream<ChatInput> in, Context context) const override {
    if (!streams()) return ChatStep::transform(std::move(in), std::move(context));
    return stream_events(std::move(in), std::move(context));
  }

  Stream<ChatPiece> stream_events(Stream<ChatInput> in, Context context) const {
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
    RequestPtr wanted = fitted(std::move(input), true, context);
    const bool keep_raw = wanted->options.keep_raw();
    EncodeChat encode(codec_, line_, std::move(wanted), name_, context);
    RetryPlan plan(context, name_, line_->endpoint.base_url);
    std::string partial, key;
    bool handed = false, signed_anew = false;
    while (true) {
      std::exception_ptr failure;
      std::string token, request_id;
      try {
        Task<Opened> opening = open_stream(&encode, &key, &token, context);
        Opened opened = co_await std::move(opening);
        HttpResponse& response = opened.response;
        request_id = request_id_of(response.headers);
        if (!is_stream(response.headers, codec_->framing(), opened.first())) {
          std::string begin(opened.first());
          Task<HttpReply> rest = read_whole(std::move(response), std::move(begin));
          const HttpReply reply = co_await std::move(rest);
          const auto piece = std::make_unique<ChatPiece>(whole_piece(reply, keep_raw));
          plan.succeeded();
          if (line_->tokens) line_->tokens->accepted(token);
          handed = true;
          co_yield *piece;
          co_return;
        }
        response.headers = HttpHeaders();  // a stream is long
        const auto reading = std::make_unique<StreamReading>(*codec_, encode.request(),
                                                             line_->limits, keep_raw);
        ChatStreamDecoder& decoder = *reading->decoder;
        StreamEvents& events = reading->events;
        StreamEvent& event = reading->event;
        ChatPiece& piece = reading->piece;
        const std::string* bytes = opened.bytes;
        events.feed(opened.first());
        while (true) {
          if (!bytes) events.end();
          while (!decoder.finished() && events.next(event)) {
            if (!event.data.empty()) reading->raw.keep(event.data);
            for (bool more = decoder.decode(event, piece); more; more = decoder.next(piece)) {
              if (!std::exchange(handed, true)) {
                plan.succeeded();
                if (line_->tokens) line_->tokens->accepted(token);
                piece.provider = line_->endpoint.provider;
                encode.forget();
              }
              partial += piece.text;
              co_yield piece;
            }
          }
          if (!bytes || decoder.finished()) break;
          bytes = co_await response.body.next();
          if (bytes) events.feed(*bytes);
        }
        if (!bytes) decoder.ended();
        if (!decoder.complete()) throw cut("the reply ended before its terminal sign");
        while (decoder.next(piece)) co_yield piece;
        if (response.complete) response.complete();
        if (events.replacements() > 0)
          context.warn(name(), fmt::format("{} invalid UTF-8 sequence(s) in the reply became U+FFFD",
                                           events.replacements()));
        if (reading->raw.take(piece)) co_yield piece;
        co_return;
      } catch (ApiError& error) {
        if (error.request_id.empty()) error.request_id = request_id;
        failure = call_error(*line_, options_.model(), token);
      } catch (const Error&) {
        failure = call_error(*line_, options_.model(), token);
      }
      if (handed) rethrow_with(failure, std::move(partial));
      if (!signed_anew && signs_anew(failure, *line_, *codec_, token)) {
        signed_anew = true;
        continue;
      }
      const std::chrono::nanoseconds wait = plan.next(failure);
      Sleep sleeping = lian::sleep(wait);
      co_await sleeping;
    }
  }

  Task<std::int64_t> count_tokens(ChatInput in, Context context) const override {
    RequestPtr wanted = fitted(std::move(in), false, context);
    EncodeCount encode(codec_, line_, std::move(wanted));
    DecodeCount decode(codec_);
    return exchange(std::move(encode), line_, codec_, std::move(decode), name_, options_.model(),
                    std::move(context));
  }

 private:
  // A reply of which something has come.
  struct Opened {
    explicit Opened(HttpResponse reply) : response(std::move(reply)) {}
    std::string_view first() const noexcept { return bytes && begin.empty() ? *bytes : begin; }
    HttpResponse response;
    std::string* bytes = nullptr;  // what came last; null: there is nothing else
    std::string begin;             // blanks, and what came behind them
  };

  // One try of a stream. What is pointed to outlives the task.
  Task<Opened> open_stream(EncodeChat* encode, std::string* key, std::string* token,
                           Context context) const {
    HttpRequest request = (*encode)();
    prepare(request, *line_, context, *key);
    if (line_->tokens) {
      Task<std::string> asking = line_->tokens->token(context);
      *token = co_await std::move(asking);
    }
    sign(request, *line_, *codec_, *token);
    HttpTransport& transport = context.runtime().http();
    Task<HttpResponse> sending = transport.send(std::move(request), line_->limits);
    HttpResponse response = co_await std::move(sending);
    if (is_error(response.status)) {
      Task<void> refusing = refuse(std::move(response), line_, codec_);
      co_await std::move(refusing);
    }
    Opened opened(std::move(response));
    opened.bytes = co_await opened.response.body.next();
    while (opened.bytes && is_blank(*opened.bytes)) {
      opened.begin += *opened.bytes;
      opened.bytes = co_await opened.response.body.next();
    }
    if (opened.bytes && !opened.begin.empty()) {
      opened.begin += *opened.bytes;
      opened.begin.reserve(opened.begin.size() + parser_padding);
    }
    co_return opened;
  }

  std::string request_id_of(const HttpHeaders& headers) const {
    const std::string* id = headers.find(codec_->request_id_header());
    return id ? *id : std::string();
  }

  ChatPiece whole_piece(const HttpReply& reply, bool keep_raw) const {
    const DecodeChat decode(codec_, line_, keep_raw);
    return to_piece(decode(reply));
  }

  // A whole reply of its pieces. Nobody has seen them, so a stream that is cut is tried again.
  Task<AIMessage> run_streamed(ChatInput in, Context context) const {
    RetryPlan plan(context, name_, line_->endpoint.base_url);
    while (true) {
      std::exception_ptr failure;
      try {
        Stream<ChatPiece> pieces = transform(stream_of_one(in), context.with_tries(1));
        AIMessage message;
        while (ChatPiece* piece = co_await pieces.next()) append(message, std::move(*piece));
        finish(message);
        message.provider = line_->endpoint.provider;
        plan.succeeded();
        co_return message;
      } catch (const Error&) {
        failure = std::current_exception();
      }
      const std::chrono::nanoseconds wait = plan.next(failure);
      Sleep sleeping = lian::sleep(wait);
      co_await sleeping;
    }
  }

  // The request as the provider can take it; what was changed is told.
  RequestPtr fitted(ChatInput in, bool stream, const Context& context) const {
    ChatRequest request(std::move(in.messages), options_);
    request.stream = stream;
    std::vector<std::string> warnings;
    request = fit(std::move(request), codec_->abilities(options_.model()),
                  line_->endpoint.provider, warnings);
    for (const std::string& warning : warnings) context.warn(name_, warning);
    return std::make_unique<const ChatRequest>(std::move(request));
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

  std::shared_ptr<const Line> line_;
  std::shared_ptr<const ChatCodec> codec_;
  ChatOptions options_;
  std::string name_;
};

}  // namespace

std::shared_ptr<const ChatStep> engine_chat(std::shared_ptr<const Line> line,
                                            std::shared_ptr<const ChatCodec> codec,
                                            ChatOptions options) {
  return std::make_shared<EngineChat>(std::move(line), std::move(codec), std::move(options));
}

}  // namespace v0
}  // namespace lian
