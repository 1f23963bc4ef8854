// The workloads of composition: what five steps cost in a row, and what stands between a model's
// call of a tool and its function.

#include <lian/agent/tool_function.hpp>
#include <lian/core/pipe.hpp>

#include <string>

#include "lian_workloads.hpp"
#include "measure.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

// Median CPU of `runs` calls of `one`.
template <class One>
double cost(std::size_t runs, const One& one) {
  std::vector<double> times;
  for (int round = 0; round < repetitions; ++round) {
    const double start = cpu_seconds();
    for (std::size_t i = 0; i < runs; ++i) one();
    times.push_back(cpu_seconds() - start);
  }
  return median(times);
}

// The same work with no library: what a chain of five steps computes.
std::string five_by_hand(std::string text) {
  for (int i = 0; i < 5; ++i) text += '.';
  return text;
}

}  // namespace

void run_chain() {
  const auto add = lian::step([](std::string text) { return text + '.'; });
  const auto chain = add | add | add | add | add;
  std::size_t check = 0;
  const double composed = cost(chain_runs, [&] { check += chain.invoke("text").size(); });
  const double by_hand = cost(chain_runs, [&] { check += five_by_hand("text").size(); });
  Report report("chain", chain_runs, composed);
  report.add("ns_a_step", (composed - by_hand) / 5 / chain_runs * 1e9)
      .add("check", static_cast<double>(check))
      .print();
}

void run_tool() {
  const lian::Tool add =
      lian::tool("add", "adds two integers", [](long a, long b) { return a + b; }, {"a", "b"});
  const lian::ToolCall call("id", "add", R"({"a":20,"b":22})");
  std::size_t check = 0;
  const double time = cost(tool_runs, [&] { check += add.invoke(call).content().size(); });
  Report report("tool", tool_runs, time);
  report.add("check", static_cast<double>(check)).print();
}

}  // namespace bench
