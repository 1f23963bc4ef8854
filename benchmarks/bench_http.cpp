// prompt | model | parser against the mock provider, through lian's public face.

#include <lian/core/pipe.hpp>
#include <lian/core/when_all.hpp>
#include <lian/model/output_parser.hpp>
#include <lian/model/prompt.hpp>
#include <lian/model/registry.hpp>

#include <optional>

#include "lian_workloads.hpp"
#include "measure.hpp"
#include "workloads.hpp"

namespace bench {
namespace {

using Chain = lian::Runnable<lian::Values, std::string>;

lian::ModelConfig config() {
  const std::string url = "http://127.0.0.1:" + std::to_string(mock_port()) + "/v1";
  return lian::ModelConfig().base_url(url).api_key("sk-test");
}

lian::ModelConfig config(long chunks, long delay_ms, long batch) {
  return config()
      .header("x-mock-n", std::to_string(chunks))
      .header("x-mock-delay", std::to_string(delay_ms))
      .header("x-mock-batch", std::to_string(batch));
}

auto questions(lian::ModelConfig model) {
  const lian::ChatPromptTemplate prompt = {lian::system(std::string(system_text)),
                                           lian::user(std::string(user_template))};
  return prompt | lian::chat_model("openai:gpt-4o-mini", std::move(model));
}

lian::Values values(long call) {
  return lian::values("lang", "French", "tone", "formally", "i", call);
}

void require(bool holds, const char* what) {
  if (!holds) throw lian::Error(lian::ErrorKind::validation, what);
}

// One stream; how many of its pieces had text.
long read_text(const Chain& chain, long call) {
  long seen = 0;
  for (const std::string& piece : chain.stream(values(call))) seen += piece.empty() ? 0 : 1;
  return seen;
}

long read_messages(const lian::Runnable<lian::Values, lian::AIMessage>& chain, long call) {
  long seen = 0;
  std::optional<lian::AIMessage> whole;
  for (lian::ChatPiece& piece : chain.stream(values(call))) {
    seen += piece.text.empty() ? 0 : 1;
    lian::Pieces<lian::AIMessage>::join(whole, std::move(piece));
  }
  const lian::AIMessage message = lian::Pieces<lian::AIMessage>::finish(std::move(whole));
  require(message.finish_reason == lian::FinishReason::stop, "a stream did not end");
  return seen;
}

struct Tally {
  long chunks = 0, errors = 0;
};

lian::Task<void> read_one(Chain chain, Tally* tally) {
  try {
    lian::Values input = values(1);
    lian::Stream<std::string> pieces = chain.astream(std::move(input));
    while (const std::string* piece = co_await pieces.next()) tally->chunks += !piece->empty();
  } catch (const lian::Error& error) {
    if (tally->errors++ == 0) std::fprintf(stderr, "bench_lian: %s\n", error.what());
  }
}

}  // namespace

void run_calls(long calls) {
  const Chain chain = questions(config()) | lian::StrOutputParser();
  constexpr long warm_up = 100;
  double cpu = 0;
  double wall = 0;
  for (long call = -warm_up; call < calls; ++call) {
    if (call == 0) {
      cpu = cpu_seconds();
      wall = wall_seconds();
    }
    require(!chain.invoke(values(call)).empty(), "a reply without text");
  }
  Report report("seq", static_cast<double>(calls), cpu_seconds() - cpu);
  report.add("wall_s", wall_seconds() - wall).print();
}

void run_start() {
  const Chain chain = questions(config()) | lian::StrOutputParser();
  require(!chain.invoke(values(0)).empty(), "a reply without text");
}

void run_streams(long streams, long chunks, long batch, bool text) {
  const auto messages = questions(config(chunks, 0, batch));
  const Chain texts = messages | lian::StrOutputParser();
  constexpr long warm_up = 5;
  long seen = 0;
  double cpu = 0;
  double wall = 0;
  for (long index = -warm_up; index < streams; ++index) {
    if (index == 0) {
      seen = 0;
      cpu = cpu_seconds();
      wall = wall_seconds();
    }
    seen += text ? read_text(texts, index) : read_messages(messages, index);
  }
  require(seen == streams * chunks, "chunks are missing");
  Report report("stream", static_cast<double>(seen), cpu_seconds() - cpu);
  report.add("wall_s", wall_seconds() - wall).print();
}

void run_concurrent(long streams, long chunks, long delay_ms) {
  raise_file_limit();
  const Chain chain = questions(config(chunks, delay_ms, 0)) | lian::StrOutputParser();
  Tally tally;
  const long before_kb = status_kb("VmRSS");
  const double cpu = cpu_seconds();
  const double wall = wall_seconds();
  std::vector<lian::Task<void>> readers;
  for (long index = 0; index < streams; ++index) readers.push_back(read_one(chain, &tally));
  lian::block_on(lian::when_all(std::move(readers)));
  const double took = wall_seconds() - wall;
  const double ideal = static_cast<double>(chunks * delay_ms) / 1000;
  const double grown_kb = static_cast<double>(peak_kb() - before_kb);
  Report report("conc", static_cast<double>(tally.chunks), cpu_seconds() - cpu);
  report.add("errors", static_cast<double>(tally.errors))
      .add("over_ideal", took / ideal)
      .add("kb_per_stream", grown_kb / static_cast<double>(streams))
      .add("wall_s", took)
      .print();
}

}  // namespace bench
