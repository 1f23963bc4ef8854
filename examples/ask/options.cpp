#include "options.hpp"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "lian/core/version.hpp"

namespace {

// FNV-1a, to tell folders of the same name apart.
std::uint64_t hash(const std::string& text) {
  std::uint64_t h = 0xcbf29ce484222325U;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return h;
}

std::filesystem::path cache_folder() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache) return cache;
  if (const char* home = std::getenv("HOME"); home && *home)
    return std::filesystem::path(home) / ".cache";
  return std::filesystem::temp_directory_path();
}

// Files are known by their path as given, so a folder is to have one spelling.
std::string one_spelling(const std::string& folder) {
  std::string path = std::filesystem::path(folder).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

constexpr const char* footer =
    "The keys and addresses of providers come from the environment: OPENAI_API_KEY, "
    "OPENAI_BASE_URL.\n"
    "Exit codes: 0 answered; 1 error; 2 wrong usage; 3 answered, but some files could not be read; "
    "130 interrupted.";

}  // namespace

AskOptions parse_options(int argc, char** argv) {
  AskOptions options;
  CLI::App app("Answers questions from your own files, with citations.");
  app.footer(footer);
  app.set_version_flag("--version", std::string("lian ") + lian::version());
  app.add_option("folder", options.folder, "The folder to answer from")->required();
  auto* question =
      app.add_option("question", options.question, "The question; without one, ask is interactive");
  app.add_option("--model", options.model, "The chat model, e.g. openai:gpt-4o-mini")
      ->capture_default_str();
  app.add_option("--embedding", options.embedding,
                 "The embedding model, e.g. openai:text-embedding-3-small")
      ->capture_default_str();
  app.add_option("--store", options.store, "The index file (default: one in your cache folder)");
  app.add_option("--top-k", options.top_k, "Passages shown to the model")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_flag("!--no-stream", options.stream, "Print the answer when it is whole");
  app.add_flag("--json", options.json, "Print the answer and its citations, or the error, as JSON");
  app.add_option("--ca-file", options.ca_file,
                 "A PEM file of certificate authorities to trust instead of the system's");
  app.add_flag("--rebuild", options.rebuild, "Index anew when the store is of another model");
  app.add_flag("--verbose", options.verbose, "Show each step and the files left out");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error) == 0 ? 0 : 2);
  }
  options.asked = question->count() > 0;
  options.folder = one_spelling(options.folder);
  return options;
}

std::string store_path(const AskOptions& options) {
  if (!options.store.empty()) return options.store;
  const auto folder = std::filesystem::weakly_canonical(options.folder);
  const auto place = cache_folder() / "lian" / "ask";
  std::error_code error;
  std::filesystem::create_directories(place, error);
  if (error)
    throw std::runtime_error(
        fmt::format("the folder {} for the index cannot be made: {}; name an "
                    "index file with --store",
                    place.string(), error.message()));
  return place /
         fmt::format("{}-{:016x}.db", folder.filename().string(),
                     hash(folder.string() + "\n" + options.folder + "\n" + options.embedding));
}
