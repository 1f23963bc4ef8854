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

struct DecodeChat {
  using Result = AIMessage;
  DecodeChat(std::shared_ptr<const ChatCodec> chat_codec, bool raw)
      : codec(std::move(chat_codec)), keep_raw(raw) {}
  Result operator()(const HttpReply& reply) const {
    AIMessage message = codec->decode(reply);
    if (keep_raw) message.extra.set("raw", Json::parse(reply.body));
    return message;
  }
  std::shared_ptr<const ChatCodec> codec;
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
    const ChatRequest wanted = fitted(std::move(in), false, context);
    HttpRequest request = encode(wanted, context);
    DecodeChat decode(codec_, wanted.options.keep_raw());
    Task<AIMessage> exchanging = exchange(std::move(request), line_, codec_, std::move(decode),
                                          name(), options_.model(), std::move(context));
    AIMessage message = co_await std::move(exchanging);
    message.provider = line_->endpoint.provider;
    co_return message;
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
    const ChatRequest wanted = fitted(std::move(input), true, context);
    HttpRequest request = encode(wanted, context);
    RetryPlan plan(context, name(), line_->endpoint.base_url);
    std::string partial;
    bool handed = false, signed_anew = false;
    while (true) {
      std::exception_ptr failure;
      std::string token;
      HttpHeaders headers;
      try {
        if (line_->tokens) {
          Task<std::string> asking = line_->tokens->token(context);
          token = co_await std::move(asking);
        }
        HttpRequest copy = signed_copy(request, *line_, *codec_, token);
        Task<HttpResponse> opening = open_once(std::move(copy), line_, codec_, context);
        HttpResponse response = co_await std::move(opening);
        headers = std::move(response.headers);
        std::string begin;  // blanks, and what came behind them
        std::string* bytes = co_await response.body.next();
        while (bytes && is_blank(*bytes)) {
          begin += *bytes;
          bytes = co_await response.body.next();
        }
        if (bytes && !begin.empty()) begin += *bytes;
        std::string_view first = bytes && begin.empty() ? std::string_view(*bytes) : begin;
        if (!is_stream(headers, codec_->framing(), first)) {
          Task<HttpReply> reading = read_whole(std::move(response), std::string(first));
          HttpReply reply = co_await std::move(reading);
          DecodeChat decode(codec_, wanted.options.keep_raw());
          ChatPiece piece = to_piece(decode(reply));
          piece.provider = line_->endpoint.provider;
          plan.succeeded();
          if (line_->tokens) line_->tokens->accepted(token);
          handed = true;
          co_yield piece;
          co_return;
        }
        const std::unique_ptr<ChatStreamDecoder> decoder = codec_->decoder(wanted);
        StreamEvents events(*codec_, line_->limits);
        RawEvents raw(wanted.options.keep_raw());
        StreamEvent event;
        ChatPiece piece;
        events.feed(first);
        while (true) {
          if (!bytes) events.end();
          while (!decoder->finished() && events.next(event)) {
            if (!event.data.empty()) raw.keep(event.data);
            for (bool more = decoder->decode(event, piece); more; more = decoder->next(piece)) {
              if (!std::exchange(handed, true)) {
                plan.succeeded();
                if (line_->tokens) line_->tokens->accepted(token);
                piece.provider = line_->endpoint.provider;
                request = HttpRequest();  // is sent no more
              }
              partial += piece.text;
              co_yield piece;
            }
          }
          if (!bytes || decoder->finished()) break;
          bytes = co_await response.body.next();
          if (bytes) events.feed(*bytes);
        }
        if (!bytes) decoder->ended();
        if (!decoder->complete()) throw cut("the reply ended before its terminal sign");
        while (decoder->next(piece)) co_yield piece;
        if (response.complete) response.complete();
        if (events.replacements() > 0)
          context.warn(name(), fmt::format("{} invalid UTF-8 sequence(s) in the reply became U+FFFD",
                                           events.replacements()));
        if (raw.take(piece)) co_yield piece;
        co_return;
      } catch (ApiError& error) {
        note_request_id(error, headers, *codec_);
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
    const ChatRequest wanted = fitted(std::move(in), false, context);
    HttpRequest request = codec_->encode_count(wanted, line_->endpoint);
    prepare(request, *line_, context);
    DecodeCount decode(codec_);
    return exchange(std::move(request), line_, codec_, std::move(decode), name(),
                    options_.model(), std::move(context));
  }

 private:
  // A whole reply of its pieces. Nobody has seen them, so a stream that is cut is tried again.
  Task<AIMessage> run_streamed(ChatInput in, Context context) const {
    RetryPlan plan(context, name(), line_->endpoint.base_url);
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
  ChatRequest fitted(ChatInput in, bool stream, const Context& context) const {
    ChatRequest request(std::move(in.messages), options_);
    request.stream = stream;
    std::vector<std::string> warnings;
    request = fit(std::move(request), codec_->abilities(options_.model()),
                  line_->endpoint.provider, warnings);
    for (const std::string& warning : warnings) context.warn(name(), warning);
    return request;
  }

  HttpRequest encode(const ChatRequest& request, const Context& context) const {
    std::vector<std::string> warnings;
    HttpRequest http = codec_->encode(request, line_->endpoint, warnings);
    for (const std::string& warning : warnings) context.warn(name(), warning);
    http.stream = request.stream;
    prepare(http, *line_, context);
    return http;
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
