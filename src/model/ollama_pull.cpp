#include "lian/model/ollama.hpp"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "core/json_writer.hpp"
#include "lian/core/error.hpp"
#include "model/exchange.hpp"
#include "model/provider.hpp"
#include "model/provider/json_reader.hpp"
#include "model/provider/ollama.hpp"
#include "model/provider/openai_messages.hpp"
#include "net/fetch.hpp"
#include "net/ndjson.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {
namespace ollama {

namespace {

void read_line(JsonReader& reader, std::string_view line, PullProgress& progress) {
  progress = PullProgress();
  bool is_error = false;
  reader.read(line, [&](const JsonValue& top) {
    top.fields([&](const JsonKey& key, const JsonValue& value) {
      if (key == "error") is_error = !value.is_null();
      if (key == "status") value.assign_to(progress.status);
      if (key == "digest") value.assign_to(progress.digest);
      if (key == "total") progress.total_bytes = value.integer();
      if (key == "completed") progress.completed_bytes = value.integer();
    });
  });
  if (is_error) throw ollama_error_in_reply(line);
}

TruncatedError broken_off(const Line& line, const std::string& model) {
  const std::string host = host_of(line.endpoint.base_url);
  TruncatedError error(fmt::format("the download of {} broke off ({}); ask again, it goes on where "
                                   "it stood",
                                   model, host),
                       std::string());
  error.provider = line.endpoint.provider;
  error.model = model;
  error.host = host;
  return error;
}

Stream<PullProgress> pulling(HttpRequest request, std::shared_ptr<const Line> line,
                             std::string model, Context context) {
  if (line->timeout) context = context.with_timeout(*line->timeout);
  ContextScope::Enter enter(context);
  ContextScope scope = co_await enter;
  // It knows the errors of all of Ollama's calls.
  const std::shared_ptr<const Codec> codec = std::make_shared<OllamaModelListCodec>();
  const std::string step = fmt::format("ollama:{} pull", model);
  RetryPlan plan(context, step, line->endpoint.base_url);
  bool handed = false;
  while (true) {
    std::exception_ptr failure;
    try {
      HttpRequest copy = request;
      HttpTransport& transport = context.runtime().http();
      Task<HttpResponse> sending = transport.send(std::move(copy), line->limits);
      HttpResponse response = co_await std::move(sending);
      if (is_error(response.status)) {
        Task<void> refusing = refuse(std::move(response), line, codec);
        co_await std::move(refusing);
      }
      NdjsonParser lines(line->limits.max_event_bytes());
      JsonReader reader("ollama");
      PullProgress progress;
      std::string_view text;
      bool more_bytes = true;
      while (more_bytes && progress.status != "success") {
        std::string* bytes = co_await response.body.next();
        more_bytes = bytes != nullptr;
        if (bytes)
          lines.feed(*bytes);
        else
          lines.end();
        while (progress.status != "success" && lines.next(text)) {
          read_line(reader, text, progress);
          plan.succeeded();
          handed = true;
          PullProgress told = progress;
          co_yield told;
        }
      }
      if (progress.status != "success") throw broken_off(*line, model);
      if (response.complete) response.complete();
      co_return;
    } catch (const Error& error) {
      const bool cut = error.kind() == ErrorKind::network || error.kind() == ErrorKind::truncated;
      if (handed && cut) throw broken_off(*line, model);
      failure = call_error(*line, model);
    }
    if (handed) std::rethrow_exception(failure);
    const std::chrono::nanoseconds wait = plan.next(failure);
    Sleep sleeping = lian::sleep(wait);
    co_await sleeping;
  }
}

}  // namespace

Stream<PullProgress> apull(std::string model, ModelConfig config, Context context) {
  if (model.empty()) refuse_request("no model is named to pull, e.g. \"llama3.2\"");
  check_request_utf8(model, "model");
  Endpoint endpoint = endpoint_of(ollama_provider, model, config);
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("model").string(model).key("stream").boolean(true).end_object();
  HttpRequest request = ollama_post(endpoint, "/api/pull", std::move(body));
  request.stream = true;
  auto line = std::make_shared<const Line>(std::move(endpoint), config);
  std::string key;
  prepare(request, *line, context, key);
  return pulling(std::move(request), std::move(line), std::move(model), std::move(context));
}

PieceRange<PullProgress> pull(std::string model, ModelConfig config, Context context) {
  Runtime& runtime = context.runtime();
  return PieceRange<PullProgress>(apull(std::move(model), std::move(config), std::move(context)),
                                  runtime);
}

}  // namespace ollama
}  // namespace v0
}  // namespace lian
