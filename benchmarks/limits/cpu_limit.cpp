// The limits of the workloads that need no network: plain C++ that does the least. See
// benchmarks/workloads.hpp for the arguments.

#include <array>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <utility>

#include "../measure.hpp"
#include "../workloads.hpp"
#include "event_reader.hpp"
#include "history_limit.hpp"
#include "splitter_limit.hpp"

namespace {

template <class Length>
void run_split(const char* workload, const char* file) {
  const std::string text = bench::read_file(file);
  std::vector<double> times;
  std::vector<std::string> chunks;
  for (int round = 0; round < bench::repetitions; ++round) {
    chunks = std::vector<std::string>();
    const double start = bench::cpu_seconds();
    bench::SplitterLimit<Length>(bench::chunk_size, bench::chunk_overlap, chunks).split(text);
    times.push_back(bench::cpu_seconds() - start);
  }
  const auto bytes = static_cast<double>(text.size());
  const double time = bench::median(times);
  bench::Report report(workload, bytes, time);
  report.add("mb_s", bytes / 1e6 / time)
      .add("chunks", static_cast<double>(chunks.size()))
      .add("check", bench::chunk_check(chunks))
      .print();
}

using Lane [[gnu::vector_size(32)]] = float;
constexpr std::size_t lane = sizeof(Lane) / sizeof(float);
constexpr std::size_t sums = 4;  // independent, to hide the latency of an addition

class Vectors {
 public:
  Vectors(std::size_t count, std::uint64_t seed) : count_(count) {
    const std::size_t bytes = count * bench::dimensions * sizeof(float);
    data_ = static_cast<float*>(std::aligned_alloc(64, bytes));
    bench::fill_vectors(data_, count, seed);
  }
  ~Vectors() { std::free(data_); }
  Vectors(const Vectors&) = delete;
  Vectors& operator=(const Vectors&) = delete;

  const float* row(std::size_t index) const { return data_ + index * bench::dimensions; }
  double bytes() const { return static_cast<double>(count_ * bench::dimensions * sizeof(float)); }

 private:
  std::size_t count_;
  float* data_ = nullptr;
};

// Rows start at multiples of 64 bytes, so lanes are read in place.
const Lane& lane_at(const float* values) { return *reinterpret_cast<const Lane*>(values); }

float total(const Lane (&parts)[sums]) {
  const Lane all = (parts[0] + parts[1]) + (parts[2] + parts[3]);
  float sum = 0;
  for (std::size_t index = 0; index < lane; ++index) sum += all[index];
  return sum;
}

float dot(const float* left, const float* right) {
  Lane parts[sums] = {};
  for (std::size_t at = 0; at < bench::dimensions; at += lane * sums) {
    for (std::size_t part = 0; part < sums; ++part) {
      const std::size_t offset = at + part * lane;
      parts[part] += lane_at(left + offset) * lane_at(right + offset);
    }
  }
  return total(parts);
}

class Best {
 public:
  void add(float score, std::size_t row) {
    if (count_ < bench::nearest) {
      heap_[count_++] = {score, row};
      const auto end = heap_.begin() + static_cast<std::ptrdiff_t>(count_);
      std::push_heap(heap_.begin(), end, std::greater<>());
    } else if (score > heap_[0].first) {
      std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
      heap_.back() = {score, row};
      std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
    }
  }

  // The sum of the rows found: two programs that found the same have the same.
  double check() const {
    double sum = 0;
    for (const auto& [score, row] : heap_) sum += static_cast<double>(row);
    return sum;
  }

 private:
  std::array<std::pair<float, std::size_t>, bench::nearest> heap_{};
  std::size_t count_ = 0;
};

double read_bandwidth(const Vectors& base) {
  std::vector<double> times;
  for (int round = 0; round < 15; ++round) {
    const double start = bench::cpu_seconds();
    Lane parts[sums] = {};
    for (std::size_t row = 0; row < bench::vector_count; ++row) {
      for (std::size_t at = 0; at < bench::dimensions; at += lane * sums) {
        for (std::size_t part = 0; part < sums; ++part) {
          parts[part] += lane_at(base.row(row) + at + part * lane);
        }
      }
    }
    volatile float used = total(parts);
    (void)used;
    times.push_back(bench::cpu_seconds() - start);
  }
  return base.bytes() / 1e9 / bench::median(times);
}

void run_scan() {
  const Vectors base(bench::vector_count, 1);
  const Vectors queries(bench::query_count, 2);
  const double bandwidth = read_bandwidth(base);
  std::vector<double> times;
  double check = 0;
  for (std::size_t query = 0; query < bench::query_count; ++query) {
    const double start = bench::cpu_seconds();
    Best best;
    for (std::size_t row = 0; row < bench::vector_count; ++row) {
      best.add(dot(base.row(row), queries.row(query)), row);
    }
    times.push_back(bench::cpu_seconds() - start);
    check += best.check();
  }
  const double time = bench::median(times);
  bench::Report report("scan", 1, time);
  report.add("gb_s", base.bytes() / 1e9 / time)
      .add("bandwidth_gb_s", bandwidth)
      .add("check", check)
      .print();
}

struct Segment {
  bool variable;
  std::string_view text;  // literal text, or the variable's name
};

std::vector<Segment> parse_template(std::string_view text) {
  std::vector<Segment> segments;
  while (!text.empty()) {
    const bool variable = text.front() == '{';
    const std::size_t end = std::min(text.find(variable ? '}' : '{'), text.size());
    segments.push_back({variable, variable ? text.substr(1, end - 1) : text.substr(0, end)});
    text.remove_prefix(variable ? end + 1 : end);
  }
  return segments;
}

void run_prompt() {
  const std::vector<Segment> segments = parse_template(bench::prompt_template);
  std::pair<std::string_view, std::string> values[] = {
      {"role", std::string(bench::prompt_role)},
      {"lang", std::string(bench::prompt_language)},
      {"tone", std::string(bench::prompt_tone)},
      {"context", std::string(bench::prompt_context)},
      {"question", ""}};
  std::string& question = values[4].second;
  std::size_t check = 0;
  const double start = bench::cpu_seconds();
  for (long call = 0; call < bench::prompt_calls; ++call) {
    char number[24];
    const auto end = std::to_chars(number, number + sizeof number, call).ptr;
    question.assign(1, 'q');
    question.append(number, end);
    std::string prompt;
    prompt.reserve(256);
    for (const Segment& segment : segments) {
      if (!segment.variable) {
        prompt += segment.text;
        continue;
      }
      for (const auto& [name, value] : values) {
        if (name != segment.text) continue;
        prompt += value;
        break;
      }
    }
    check += prompt.size();
    asm volatile("" ::"r"(prompt.data()) : "memory");  // the text counts as used
  }
  const double time = bench::cpu_seconds() - start;
  bench::Report report("prompt", static_cast<double>(bench::prompt_calls), time);
  report.add("check", static_cast<double>(check)).print();
}

void run_events(const char* file) {
  constexpr std::size_t read_bytes = 16384;
  const std::string stream = bench::read_file(file);
  std::vector<double> times;
  std::size_t events = 0;
  std::size_t check = 0;
  for (int round = 0; round < bench::repetitions; ++round) {
    events = 0;
    check = 0;
    bench::EventSplitter splitter;
    bench::DeltaReader reader;
    std::string text;
    const double start = bench::cpu_seconds();
    for (std::size_t at = 0; at < stream.size(); at += read_bytes) {
      const std::size_t count = std::min(read_bytes, stream.size() - at);
      splitter.feed(stream.data() + at, count, [&](std::string_view payload) {
        reader.read(payload, text);
        ++events;
        check += text.size();
      });
    }
    times.push_back(bench::cpu_seconds() - start);
  }
  const auto bytes = static_cast<double>(stream.size());
  const double time = bench::median(times);
  bench::Report report("sse", bytes, time);
  report.add("mb_s", bytes / 1e6 / time)
      .add("events", static_cast<double>(events))
      .add("check", static_cast<double>(check))
      .print();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view workload = argc > 1 ? argv[1] : "";
  const char* file = argc > 2 ? argv[2] : "";
  if (workload == "split-bytes") {
    run_split<bench::ByteLength>("split-bytes", file);
  } else if (workload == "split-code-points") {
    run_split<bench::CodePointLength>("split-code-points", file);
  } else if (workload == "scan") {
    run_scan();
  } else if (workload == "prompt") {
    run_prompt();
  } else if (workload == "sse") {
    run_events(file);
  } else if (workload == "history") {
    bench::run_history_limit(file);
  } else {
    std::fprintf(stderr,
                 "usage: split-bytes FILE | split-code-points FILE | scan | prompt | sse FILE | "
                 "history FILE\n");
    return 2;
  }
  return 0;
}
