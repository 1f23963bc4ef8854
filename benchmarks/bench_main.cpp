// bench_lian: lian on the workloads of benchmarks/workloads.hpp.

#include <lian/core/error.hpp>

#include "lian_workloads.hpp"
#include "measure.hpp"
#include "workloads.hpp"

namespace {

bool run(std::string_view workload, int argc, char** argv) {
  const auto number = [&](int index, long otherwise) {
    return argc > index ? std::atol(argv[index]) : otherwise;
  };
  const std::string_view form = argc > 5 ? argv[5] : "";
  const char* file = argc > 2 ? argv[2] : "";
  if (workload == "seq") return bench::run_calls(number(2, 20000)), true;
  if (workload == "stream")
    return bench::run_streams(number(2, 2000), number(3, 500), number(4, 0), form == "text"), true;
  if (workload == "conc")
    return bench::run_concurrent(number(2, 1000), number(3, 50), number(4, 100)), true;
  if (workload == "start") return bench::run_start(), true;
  if (workload == "split-bytes" || workload == "split-code-points")
    return bench::run_split(argv[1], file), true;
  if (workload == "scan") return bench::run_scan(), true;
  if (workload == "prompt") return bench::run_prompt(), true;
  if (workload == "sse") return bench::run_events(file), true;
  if (workload == "history") return bench::run_history(file), true;
  if (workload == "chain") return bench::run_chain(), true;
  if (workload == "tool") return bench::run_tool(), true;
  if (workload == "tracing") return bench::run_tracing(file), true;
  if (workload == "codecs") return bench::run_codecs(file, argc > 3 ? argv[3] : ""), true;
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (run(argc > 1 ? argv[1] : "", argc, argv)) return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_lian: %s\n", error.what());
    return 1;
  }
  std::fprintf(stderr, "usage: see benchmarks/workloads.hpp\n");
  return 2;
}
