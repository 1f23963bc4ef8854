#pragma once
// The workloads of benchmarks/workloads.hpp as lian runs them; each prints its line.

#include <string>
#include <string_view>

namespace bench {

void run_calls(long calls);
/// `text`: the chain ends in the text parser; otherwise the message pieces are joined as they come.
void run_streams(long streams, long chunks, long batch, bool text);
void run_concurrent(long streams, long chunks, long delay_ms);
void run_start();

void run_split(const char* workload, const char* file);
void run_scan();
void run_prompt();
void run_events(const char* file);
void run_history(const char* file);
void run_chain();
void run_tool();
void run_tracing(const char* file);
/// A line for each recorded stream whose path below `folder` contains `only`.
void run_codecs(const std::string& folder, std::string_view only);

}  // namespace bench
