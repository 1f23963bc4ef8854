// Answers questions from the files of a folder: load, split, embed, store, retrieve, ask, cite.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "lian/callback/console_handler.hpp"
#include "lian/chain/retrieval_qa.hpp"
#include "lian/core/stop_on.hpp"
#include "lian/core/utf8.hpp"
#include "lian/data/folder_source.hpp"
#include "lian/data/html_loader.hpp"
#include "lian/data/retriever.hpp"
#include "lian/data/sqlite_vector_store.hpp"
#include "lian/model/registry.hpp"
#include "options.hpp"
#include "progress.hpp"

namespace {

using Seconds = std::chrono::duration<double>;
using lian::Clock;

constexpr int exit_error = 1, exit_files_missing = 3, exit_interrupted = 130;
constexpr std::size_t reports_shown = 5;

// Shows what deserves a line although nothing failed: retries, mapped settings, repaired replies.
class Notices final : public lian::Handler {
 public:
  void on_event(const lian::Event& event) override {
    if (event.type == lian::EventType::warning || event.type == lian::EventType::retry)
      fmt::print(stderr, "ask: {}: {}\n", event.name, event.message);
  }
};

double since(Clock::time_point start) { return Seconds(Clock::now() - start).count(); }

std::shared_ptr<lian::FolderSource> folder_source(const std::string& folder) {
  lian::FileFormats formats;
  formats.add({"html", "htm", "xhtml"}, lian::html_format());
  lian::DirectoryLoader loader(folder);
  loader.formats(std::move(formats));
  lian::RecursiveCharacterTextSplitter splitter;
  splitter.chunk_size(800).chunk_overlap(100);
  splitter.separators(lian::RecursiveCharacterTextSplitter::chinese_separators());
  splitter.keep_separator(lian::KeepSeparator::end);
  return std::make_shared<lian::FolderSource>(std::move(loader), std::move(splitter));
}

// The names of what lies in the folder begin so.
std::string scope_of(const std::string& folder) {
  return folder.ends_with('/') ? folder : folder + "/";
}

// Says which files are not in the index; gives how many of them failed.
std::size_t report_files(const AskOptions& options, const lian::IndexResult& result,
                         const lian::LoadReports& left_out) {
  std::size_t failed = result.failed.size(), shown = 0;
  for (const lian::IndexFailure& failure : result.failed)
    fmt::print(stderr, "ask: not indexed: {}\n", failure.message);
  for (const lian::LoadReport& file : left_out) {
    if (!file.skipped()) ++failed;
    if (file.skipped() && !options.verbose && shown++ >= reports_shown) continue;
    fmt::print(stderr, "ask: {}: {}: {}\n", file.skipped() ? "left out" : "not indexed", file.path,
               file.message);
  }
  if (shown > reports_shown)
    fmt::print(stderr, "ask: left out: {} more files (--verbose lists them)\n",
               shown - reports_shown);
  return failed;
}

// A file that was opened and left out; a run that finds it as before does not open it again.
bool found_while_reading(const lian::LoadReport& report) {
  return report.kind == lian::LoadProblem::binary || report.kind == lian::LoadProblem::no_format;
}

// Brings the store up to date with the folder; gives how many files failed.
std::size_t index_folder(const AskOptions& options,
                         const std::shared_ptr<lian::SqliteVectorStore>& store,
                         const lian::Context& context) {
  const auto source = folder_source(options.folder);
  const auto bar = std::make_shared<ProgressBar>(source);
  lian::IndexOptions settings;
  settings.settings("800/100").scope(scope_of(options.folder)).observer(bar);
  const auto start = Clock::now();
  const lian::IndexResult result = lian::index(source, store, settings, context);
  bar->clear();

  const std::size_t failed = report_files(options, result, source->reports());
  if (store->size() == 0)
    throw lian::Error(lian::ErrorKind::not_found,
                      fmt::format("{} holds no text to answer from", options.folder));
  const auto looked_at = static_cast<std::size_t>(
      std::count_if(source->reports().begin(), source->reports().end(), found_while_reading));
  const std::size_t indexed = result.sources_added + result.sources_updated - looked_at;
  if (indexed + result.sources_deleted > 0)
    fmt::print(stderr, "ask: {} files indexed, {} as before, {} gone, in {:.2f} s\n", indexed,
               result.sources_skipped, result.sources_deleted, since(start));
  return failed;
}

std::shared_ptr<lian::SqliteVectorStore> open_store(const AskOptions& options,
                                                    const lian::EmbeddingModel& embedding) {
  try {
    return std::make_shared<lian::SqliteVectorStore>(
        store_path(options), embedding, lian::SqliteStoreOptions().rebuild(options.rebuild));
  } catch (const lian::Error& error) {
    if (error.kind() != lian::ErrorKind::config) throw;
    throw lian::Error(error.kind(), error.message() + " (ask --rebuild does that)");
  }
}

lian::Answer stream_answer(const lian::RetrievalQA& chain, const std::string& question,
                           const lian::Context& context) {
  std::optional<lian::Answer> answer;
  try {
    for (lian::AnswerPiece& piece : chain.stream(question, context)) {
      fmt::print("{}", piece.text);
      std::fflush(stdout);
      lian::Pieces<lian::Answer>::join(answer, std::move(piece));
    }
  } catch (const lian::Error&) {
    if (answer)
      fmt::print("\n");  // what was printed is no answer; the error stands on its own line
    throw;
  }
  return lian::Pieces<lian::Answer>::finish(std::move(answer));
}

// What cannot be written is lost: the disk may be full.
void flush_output() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  throw lian::Error(lian::ErrorKind::storage, "the answer cannot be written to the output");
}

void answer_question(const AskOptions& options, const lian::RetrievalQA& chain,
                     const std::string& question, const lian::Context& context) {
  const auto start = Clock::now();
  if (options.json) {
    const lian::Answer answer = chain.invoke(question, context);
    lian::Json json = lian::to_json(answer);
    json.set("seconds", since(start));
    fmt::print("{}\n", json.dump(2));
    flush_output();
    return;
  }
  lian::Answer answer;
  if (options.stream) {
    answer = stream_answer(chain, question, context);
    fmt::print("\n");
  } else {
    answer = chain.invoke(question, context);
    fmt::print("{}\n", answer.text);
  }
  if (!answer.citations.empty()) fmt::print("\n{}\n", lian::format_citations(answer));
  flush_output();
  fmt::print(stderr, "ask: answered in {:.2f} s from {} passages by {}\n", since(start),
             answer.context.size(), options.model);
}

// With --json the standard output is JSON whatever happens.
void print_json(const AskOptions& options, std::string_view kind, const std::exception& error) {
  if (!options.json) return;
  const lian::Json said =
      lian::Json::object({{"kind", kind}, {"message", lian::utf8::repair(error.what())}});
  fmt::print("{}\n", lian::Json::object({{"error", said}}).dump(2));
}

void report(const AskOptions& options, std::string_view kind, const std::exception& error) {
  print_json(options, kind, error);
  std::fflush(stdout);
  fmt::print(stderr, "ask: {}\n", error.what());
}

bool was_stopped(const lian::Error& error) { return error.kind() == lian::ErrorKind::cancelled; }

void check_question(const std::string& question) {
  if (question.find_first_not_of(" \t\r\n") == std::string::npos)
    throw lian::Error(lian::ErrorKind::validation,
                      "the question is empty; write it behind the folder, in quotes");
  if (!lian::utf8::is_valid(question))
    throw lian::Error(lian::ErrorKind::validation,
                      "the question is not UTF-8; write it in a UTF-8 terminal or convert it");
}

// Reads questions until the end of the input; Ctrl-C ends an answer, not the program. Says whether
// none of them failed.
bool converse(const AskOptions& options, const lian::RetrievalQA& chain,
              const lian::Context& context) {
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  bool all_answered = true;
  std::string question;
  while (true) {
    if (terminal) fmt::print(stderr, "> ");
    if (!std::getline(std::cin, question)) break;
    if (question.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      lian::StopOn interrupt = lian::stop_on(SIGINT);
      check_question(question);
      answer_question(options, chain, question, context.with_stop(interrupt.token()));
    } catch (const lian::Error& error) {
      all_answered = all_answered && was_stopped(error);
      report(options, lian::to_string(error.kind()), error);
    }
  }
  if (terminal) fmt::print(stderr, "\n");
  return all_answered;
}

void check(const AskOptions& options) {
  if (options.asked) check_question(options.question);
  std::error_code unreachable;  // then it is no folder either
  if (std::filesystem::is_directory(options.folder, unreachable)) return;
  const bool file = std::filesystem::exists(options.folder, unreachable);
  throw lian::Error(lian::ErrorKind::not_found,
                    file ? fmt::format("{} is a file; name the folder it lies in", options.folder)
                         : fmt::format("there is no folder {}", options.folder));
}

int run(const AskOptions& options) {
  check(options);
  const auto model = lian::chat_model(options.model);
  const auto embedding = lian::embedding_model(options.embedding);
  std::shared_ptr<lian::Handler> handler = std::make_shared<Notices>();
  if (options.verbose)
    handler = std::make_shared<lian::ConsoleHandler>(lian::ConsoleOptions().contents(true));
  lian::Runtime runtime(lian::RuntimeOptions().ca_file(options.ca_file));
  const lian::Context context = lian::Context().with(runtime).with_handler(handler);

  const auto store = open_store(options, embedding);
  lian::SearchOptions search;
  search.kind(lian::SearchKind::rerank).k(options.top_k).fetch_k(std::size_t{100} + options.top_k);
  const lian::RetrievalQA chain(lian::VectorStoreRetriever(store, search), model);

  std::size_t failed = 0;
  {
    lian::StopOn interrupt = lian::stop_on(SIGINT, SIGTERM);
    const lian::Context stoppable = context.with_stop(interrupt.token());
    failed = index_folder(options, store, stoppable);
    if (!options.interactive()) answer_question(options, chain, options.question, stoppable);
  }
  if (options.interactive() && !converse(options, chain, context)) return exit_error;
  return failed == 0 ? 0 : exit_files_missing;
}

}  // namespace

int main(int argc, char** argv) {
  const AskOptions options = parse_options(argc, argv);
  try {
    return run(options);
  } catch (const lian::Error& error) {
    if (was_stopped(error)) {
      print_json(options, lian::to_string(error.kind()), error);
      std::fflush(stdout);
      fmt::print(stderr, "\nask: stopped; the index is whole and keeps what was finished\n");
      return exit_interrupted;
    }
    report(options, lian::to_string(error.kind()), error);
  } catch (const std::exception& error) {
    report(options, "unknown", error);
  }
  return exit_error;
}
