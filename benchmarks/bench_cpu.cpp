// The workloads without a network.

#include <lian/core/runtime.hpp>
#include <lian/data/in_memory_vector_store.hpp>
#include <lian/data/text_splitter.hpp>
#include <lian/model/prompt.hpp>

#include "lian_workloads.hpp"
#include "measure.hpp"
#include "model/provider/openai.hpp"
#include "net/sse.hpp"
#include "workloads.hpp"

namespace bench {

void run_split(const char* workload, const char* file) {
  const std::string text = read_file(file);
  lian::RecursiveCharacterTextSplitter splitter(chunk_size, chunk_overlap);
  if (std::string_view(workload) == "split-bytes") splitter.length_unit(lian::LengthUnit::bytes);
  std::vector<double> times;
  std::vector<std::string> chunks;
  for (int round = 0; round < repetitions; ++round) {
    chunks = std::vector<std::string>();
    const double start = cpu_seconds();
    chunks = splitter.split_text(text);
    times.push_back(cpu_seconds() - start);
  }
  const auto bytes = static_cast<double>(text.size());
  const double time = median(times);
  Report report(workload, bytes, time);
  report.add("mb_s", bytes / 1e6 / time)
      .add("chunks", static_cast<double>(chunks.size()))
      .add("check", chunk_check(chunks))
      .print();
}

namespace {

void fill(lian::VectorStore& store) {
  std::vector<float> rows(vector_count * dimensions);
  fill_vectors(rows.data(), vector_count, 1);
  std::vector<lian::VectorRecord> records;
  for (std::size_t row = 0; row < vector_count; ++row) {
    const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(row * dimensions);
    lian::Document document("");
    document.id = std::to_string(row);
    records.emplace_back(std::move(document), std::vector<float>(begin, begin + dimensions));
  }
  store.add_vectors(std::move(records));
}

}  // namespace

void run_scan() {
  const auto store = std::make_shared<lian::InMemoryVectorStore>();
  fill(*store);
  std::vector<float> queries(query_count * dimensions);
  fill_vectors(queries.data(), query_count, 2);
  std::vector<double> times;
  double check = 0;
  for (std::size_t query = 0; query < query_count; ++query) {
    const auto begin = queries.begin() + static_cast<std::ptrdiff_t>(query * dimensions);
    const double start = cpu_seconds();
    const lian::Documents found = store->similarity_search_by_vector(
        std::vector<float>(begin, begin + dimensions), nearest);
    times.push_back(cpu_seconds() - start);
    for (const lian::Document& document : found) check += std::atof(document.id.c_str());
  }
  const double time = median(times);
  Report report("scan", 1, time);
  report.add("gb_s", static_cast<double>(vector_count * dimensions * sizeof(float)) / 1e9 / time)
      .add("check", check)
      .print();
}

namespace {

double chat_prompt_seconds() {
  const lian::ChatPromptTemplate prompt = {lian::system(std::string(system_text)),
                                           lian::user(std::string(user_template))};
  const lian::Values values = lian::values("lang", "French", "tone", "formally", "i", 1);
  constexpr long calls = prompt_calls / 10;
  const double start = cpu_seconds();
  for (long call = 0; call < calls; ++call) {
    const lian::Messages messages = prompt.format_messages(values);
    asm volatile("" ::"r"(messages.data()) : "memory");
  }
  return (cpu_seconds() - start) / calls;
}

}  // namespace

void run_prompt() {
  const lian::PromptTemplate prompt(prompt_template);
  lian::Values values = lian::values("role", prompt_role, "lang", prompt_language, "tone",
                                     prompt_tone, "context", prompt_context, "question", "");
  std::size_t check = 0;
  const double start = cpu_seconds();
  for (long call = 0; call < prompt_calls; ++call) {
    values.set("question", "q" + std::to_string(call));
    const std::string text = prompt.format(values);
    check += text.size();
    asm volatile("" ::"r"(text.data()) : "memory");  // the text counts as used
  }
  const double time = cpu_seconds() - start;
  Report report("prompt", static_cast<double>(prompt_calls), time);
  report.add("check", static_cast<double>(check))
      .add("chat_ns", chat_prompt_seconds() * 1e9)
      .print();
}

void run_events(const char* file) {
  constexpr std::size_t read_bytes = 16384;
  const std::string stream = read_file(file);
  const lian::OpenAIChatCodec codec;
  std::vector<double> times;
  std::size_t events = 0;
  std::size_t check = 0;
  for (int round = 0; round < repetitions; ++round) {
    events = 0;
    check = 0;
    lian::SseParser parser;
    const auto decoder = codec.decoder({});
    lian::SseEvent event;
    lian::ChatPiece piece;
    const double start = cpu_seconds();
    for (std::size_t at = 0; at < stream.size(); at += read_bytes) {
      parser.feed(std::string_view(stream).substr(at, read_bytes));
      while (parser.next(event)) {
        decoder->decode(lian::StreamEvent(event.type, event.data), piece);
        ++events;
        check += piece.text.size();
      }
    }
    times.push_back(cpu_seconds() - start);
  }
  const auto bytes = static_cast<double>(stream.size());
  const double time = median(times);
  Report report("sse", bytes, time);
  report.add("mb_s", bytes / 1e6 / time)
      .add("events", static_cast<double>(events))
      .add("check", static_cast<double>(check))
      .print();
}

}  // namespace bench
