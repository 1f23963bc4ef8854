#include "model/call_error.hpp"

#include <utility>

#include "core/redact.hpp"
#include "lian/core/error.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {

namespace {

void name_origin(ApiError& error, const Line& line, const std::string& model) {
  if (error.provider.empty()) error.provider = line.endpoint.provider;
  if (error.host.empty()) error.host = host_of(line.endpoint.base_url);
  if (error.model.empty()) error.model = model;
}

ApiError without_key(const ApiError& error, const std::string& key) {
  ApiError clean(error.kind(), redact(error.message(), {key}));
  clean.provider = error.provider;
  clean.model = error.model;
  clean.host = error.host;
  clean.status = error.status;
  clean.code = redact(error.code, {key});
  clean.parameter = redact(error.parameter, {key});
  clean.request_id = error.request_id;
  clean.body = redact(error.body, {key});
  clean.retry_after_seconds = error.retry_after_seconds;
  clean.should_retry = error.should_retry;
  return clean;
}

ParseError without_key(const ParseError& error, const std::string& key) {
  return ParseError(redact(error.message(), {key}), redact(error.text, {key}), error.offset,
                    error.hint);
}

}  // namespace

std::exception_ptr call_error(const Line& line, const std::string& model) {
  const std::string& key = line.endpoint.api_key;
  const auto shows_key = [&key](const std::string& text) {
    return !key.empty() && text.find(key) != std::string::npos;
  };
  try {
    throw;
  } catch (TruncatedError& error) {  // the engine's own words
    name_origin(error, line, model);
    return std::current_exception();
  } catch (ApiError& error) {
    name_origin(error, line, model);
    if (!shows_key(error.message()) && !shows_key(error.body) && !shows_key(error.code) &&
        !shows_key(error.parameter))
      return std::current_exception();
    return std::make_exception_ptr(without_key(error, key));
  } catch (const ParseError& error) {
    if (!shows_key(error.message()) && !shows_key(error.text)) return std::current_exception();
    return std::make_exception_ptr(without_key(error, key));
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace v0
}  // namespace lian
