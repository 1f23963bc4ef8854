#include "lian/core/error.hpp"

#include <exception>
#include <string>

#include "support/catch.hpp"

using lian::Error;
using lian::ErrorKind;

TEST_CASE("error: what() is the message, then the path of the steps it crossed") {
  Error error(ErrorKind::server, "the provider failed");
  CHECK(std::string(error.what()) == "the provider failed");
  CHECK(error.path().empty());

  error.add_step("embedding");
  error.add_step("retriever");
  error.add_step("chain");
  CHECK(std::string(error.what()) == "chain > retriever > embedding: the provider failed");
  CHECK(error.path() == "chain > retriever > embedding");
  CHECK(error.message() == "the provider failed");
  CHECK(error.kind() == ErrorKind::server);
}

TEST_CASE("error: every kind has a word of its own") {
  CHECK(to_string(ErrorKind::cancelled) == "cancelled");
  CHECK(to_string(ErrorKind::rate_limited) == "rate_limited");
  CHECK(to_string(ErrorKind::config) == "config");
}

namespace {

template <class T>
T copy_of(const Error& error) {
  try {
    std::rethrow_exception(error.copy());
  } catch (const T& copy) {
    return copy;
  }
}

}  // namespace

TEST_CASE("error: copy() keeps the dynamic type and its data") {
  lian::ApiError api(ErrorKind::rate_limited, "too many requests");
  api.provider = "openai";
  api.status = 429;
  api.retry_after_seconds = 1.5;
  const auto api_copy = copy_of<lian::ApiError>(api);
  CHECK(api_copy.status == 429);
  CHECK(api_copy.retry_after_seconds == 1.5);

  CHECK(copy_of<lian::ParseError>(lian::ParseError("bad", "text", 3, "hint")).offset == 3);
  CHECK(copy_of<lian::TruncatedError>(lian::TruncatedError("cut", "half")).partial == "half");
  CHECK(copy_of<lian::ToolError>(lian::ToolError("failed", "search")).tool == "search");
  CHECK(copy_of<lian::LimitError>(lian::LimitError("full", "max_body_bytes", 9)).limit == 9);
  CHECK(copy_of<lian::UnsupportedError>(lian::UnsupportedError("no", "tools")).feature == "tools");
  CHECK(copy_of<Error>(Error(ErrorKind::timeout, "late")).kind() == ErrorKind::timeout);
}

TEST_CASE("error: a copy is annotated apart from its original") {
  Error error(ErrorKind::network, "unreachable");
  auto copy = copy_of<Error>(error);
  copy.add_step("chain");
  CHECK(std::string(copy.what()) == "chain: unreachable");
  CHECK(std::string(error.what()) == "unreachable");
}
