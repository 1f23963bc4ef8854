#include "model/call_error.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/redact.hpp"
#include "lian/core/error.hpp"
#include "net/url.hpp"

namespace lian {
inline namespace v0 {

namespace {

void name_origin(ApiError& error, const Line& line, std::string_view model) {
  if (error.provider.empty()) error.provider = line.endpoint.provider;
  if (error.host.empty()) error.host = host_of(line.endpoint.base_url);
  if (error.model.empty()) error.model = model;
}

using Secrets = std::vector<std::string>;

ApiError without_secrets(const ApiError& error, const Secrets& secrets) {
  ApiError clean(error.kind(), redact(error.message(), secrets));
  clean.provider = error.provider;
  clean.model = error.model;
  clean.host = error.host;
  clean.status = error.status;
  clean.code = redact(error.code, secrets);
  clean.parameter = redact(error.parameter, secrets);
  clean.request_id = error.request_id;
  clean.body = redact(error.body, secrets);
  clean.retry_after_seconds = error.retry_after_seconds;
  clean.should_retry = error.should_retry;
  return clean;
}

ParseError without_secrets(const ParseError& error, const Secrets& secrets) {
  return ParseError(redact(error.message(), secrets), redact(error.text, secrets), error.offset,
                    error.hint);
}

}  // namespace

std::exception_ptr call_error(const Line& line, std::string_view model,
                              const std::string& token) {
  Secrets secrets = line.endpoint.secrets;
  if (!token.empty()) secrets.push_back(token);
  const auto shows_key = [&secrets](const std::string& text) {
    return std::any_of(secrets.begin(), secrets.end(), [&text](const std::string& secret) {
      return !secret.empty() && text.find(secret) != std::string::npos;
    });
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
    return std::make_exception_ptr(without_secrets(error, secrets));
  } catch (const ParseError& error) {
    if (!shows_key(error.message()) && !shows_key(error.text)) return std::current_exception();
    return std::make_exception_ptr(without_secrets(error, secrets));
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace v0
}  // namespace lian
