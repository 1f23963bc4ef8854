// The tracing workload: a chain of three steps with nobody watching, with a handler that does
// nothing, and with a trace written to a file.

#include <lian/callback/trace_handler.hpp>
#include <lian/core/pipe.hpp>

#include <cstdio>
#include <memory>
#include <string>

#include "lian_workloads.hpp"
#include "measure.hpp"
#include "workloads.hpp"

namespace bench {
namespace {

class Nothing final : public lian::Handler {
  void on_event(const lian::Event&) override {}
};

// CPU of one run of the chain.
double cost(const lian::Runnable<std::string, std::string>& chain, const lian::Context& context) {
  std::vector<double> times;
  for (int round = 0; round < repetitions; ++round) {
    const double start = cpu_seconds();
    std::size_t check = 0;
    for (std::size_t i = 0; i < traced_runs; ++i) check += chain.invoke("text", context).size();
    times.push_back((cpu_seconds() - start) / static_cast<double>(traced_runs));
    if (check != traced_runs * 7) std::fprintf(stderr, "bench_lian: a wrong answer\n");
  }
  return median(times);
}

}  // namespace

void run_tracing(const char* file) {
  const auto add = lian::step([](std::string text) { return text + "."; }, "add");
  const auto chain = add | add | add;
  std::remove(file);
  const double unobserved = cost(chain, lian::Context());
  const double nothing = cost(chain, lian::Context().with_handler(std::make_shared<Nothing>()));
  const double traced =
      cost(chain, lian::Context().with_handler(std::make_shared<lian::TraceHandler>(file)));
  std::remove(file);
  Report report("tracing", static_cast<double>(traced_runs),
                unobserved * static_cast<double>(traced_runs));
  report.add("handler_ns_a_step", (nothing - unobserved) / 3 * 1e9)
      .add("trace_ns_a_step", (traced - unobserved) / 3 * 1e9)
      .print();
}

}  // namespace bench
