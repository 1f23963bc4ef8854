#include "lian/callback/console_handler.hpp"

#include <stdio.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "lian/core/pipe.hpp"
#include "support/catch.hpp"

using Catch::Matchers::ContainsSubstring;

namespace {

// What `run` writes to descriptor 2.
std::string stderr_of(const std::function<void()>& run) {
  std::FILE* const file = std::tmpfile();
  if (!file) throw std::runtime_error("no temporary file");
  std::fflush(stderr);
  const int kept = ::dup(STDERR_FILENO);
  ::dup2(::fileno(file), STDERR_FILENO);
  run();
  std::fflush(stderr);
  ::dup2(kept, STDERR_FILENO);
  ::close(kept);
  std::string text;
  std::rewind(file);
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}

lian::Context watched(lian::ConsoleOptions options) {
  return lian::Context().with_handler(std::make_shared<lian::ConsoleHandler>(options));
}

const auto shout = lian::step([](std::string text) { return text + "!"; }, "shout");
const auto fail = lian::step(
    [](std::string) -> std::string {
      throw lian::Error(lian::ErrorKind::tool, "no luck with sk-abcdefghijklmnopqrstuvwxyz012345");
    },
    "fail");

}  // namespace

TEST_CASE("console handler: a line a start and an end, without contents") {
  const std::string text =
      stderr_of([] { shout.invoke("secret plan", watched(lian::ConsoleOptions())); });
  CHECK_THAT(text, ContainsSubstring("> function shout"));
  CHECK_THAT(text, ContainsSubstring("< function shout"));
  CHECK_THAT(text, ContainsSubstring(" ms"));
  CHECK(text.find("secret plan") == std::string::npos);
}

TEST_CASE("console handler: contents when asked, on one line, cut at a character") {
  std::string input = "一行\n";
  while (input.size() < 400) input += "链";
  const std::string text =
      stderr_of([&] { shout.invoke(input, watched(lian::ConsoleOptions().contents(true))); });
  CHECK_THAT(text, ContainsSubstring(": 一行 链"));
  CHECK_THAT(text, ContainsSubstring("链…\n"));
  CHECK(text.find("\xEF\xBF\xBD") == std::string::npos);
}

TEST_CASE("console handler: shows errors and removes credentials") {
  const std::string text = stderr_of([] {
    CHECK_THROWS(fail.invoke("x", watched(lian::ConsoleOptions().only_problems(true))));
  });
  CHECK_THAT(text, ContainsSubstring("! function fail failed after"));
  CHECK_THAT(text, ContainsSubstring("no luck with"));
  CHECK(text.find("abcdefghijklmnopqrstuvwxyz") == std::string::npos);
  CHECK(text.find('>') == std::string::npos);
}

TEST_CASE("console handler: warnings always, pieces never") {
  const std::string text = stderr_of([] {
    const lian::Context context = watched(lian::ConsoleOptions().only_problems(true));
    context.warn("model", "a setting was mapped");
    for (auto& piece : shout.stream("x", context)) static_cast<void>(piece);
  });
  CHECK_THAT(text, ContainsSubstring("model: a setting was mapped"));
  CHECK(text.find("shout") == std::string::npos);
}

TEST_CASE("console handler: nested runs are indented") {
  const auto outer = lian::step([](std::string text) { return shout.invoke(text); }, "outer");
  const std::string text = stderr_of([&] { outer.invoke("x", watched(lian::ConsoleOptions())); });
  CHECK_THAT(text, ContainsSubstring("  > function shout"));
  CHECK(text.find("> function outer") < text.find("  > function shout"));
}
