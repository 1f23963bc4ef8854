#include "options.hpp"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "lian/core/version.hpp"

namespace {

std::filesystem::path data_folder() {
  if (const char* data = std::getenv("XDG_DATA_HOME"); data && *data) return data;
  if (const char* home = std::getenv("HOME"); home && *home)
    return std::filesystem::path(home) / ".local" / "share";
  return std::filesystem::temp_directory_path();
}

constexpr const char* footer =
    "Type /help for the commands. A turn is kept as soon as \"[… messages kept]\" stands below "
    "it.\n"
    "The keys and addresses of providers come from the environment: OPENAI_API_KEY, "
    "OPENAI_BASE_URL.\n"
    "Exit codes: 0 all was answered; 1 something failed; 2 wrong usage.";

}  // namespace

void parse_options(int argc, char** argv, ChatOptions& options) {
  CLI::App app("Talks with a model, in sessions that are kept in a file.");
  app.footer(footer);
  app.set_version_flag("--version", std::string("lian ") + lian::version());
  app.add_option("--model", options.model, "The chat model, e.g. openai:gpt-4o-mini")
      ->capture_default_str();
  app.add_option("--session", options.session, "The session to go on with, or to begin")
      ->capture_default_str();
  app.add_option("--store", options.store,
                 "The file of the sessions (default: one in your data folder)");
  app.add_option("--system", options.system, "What the model is told to be")->capture_default_str();
  app.add_option("--context-tokens", options.context_tokens,
                 "About how many tokens of the conversation the model is shown")
      ->check(CLI::Range(100, 10'000'000))
      ->capture_default_str();
  app.add_option("--ca-file", options.ca_file,
                 "A PEM file of certificate authorities to trust instead of the system's");
  options.recording.add_to(app);
  app.add_flag("--verbose", options.verbose, "Show each step");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error) == 0 ? 0 : 2);
  }
}

std::string store_path(const ChatOptions& options) {
  if (!options.store.empty()) return options.store;
  const auto place = data_folder() / "lian";
  std::error_code error;
  std::filesystem::create_directories(place, error);
  if (error)
    throw std::runtime_error(
        fmt::format("the folder {} for the sessions cannot be made: {}; name a "
                    "file with --store",
                    place.string(), error.message()));
  return place / "chat.db";
}
