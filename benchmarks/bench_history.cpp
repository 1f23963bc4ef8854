// The history workload: what a chat saves and loads.

#include <lian/memory/chat_message_history.hpp>
#include <lian/memory/file_chat_history_store.hpp>

#include <cstdio>

#include "lian_workloads.hpp"
#include "measure.hpp"
#include "workloads.hpp"

namespace bench {
namespace {

lian::ChatMessageHistory open_history(const char* file) {
  return {std::make_shared<lian::FileChatHistoryStore>(file), "session"};
}

}  // namespace

void run_history(const char* file) {
  std::remove(file);
  const lian::ChatMessageHistory writing = open_history(file);
  double start = cpu_seconds();
  const double begin = wall_seconds();
  for (std::size_t turn = 0; turn < history_turns; ++turn) {
    writing.add_messages(
        {lian::user(history_text(2 * turn)), lian::assistant(history_text(2 * turn + 1))});
  }
  const double saving = cpu_seconds() - start, saving_wall = wall_seconds() - begin;

  std::vector<double> times;
  std::size_t check = 0;
  for (int round = 0; round < repetitions; ++round) {
    start = cpu_seconds();
    check = 0;
    const lian::Messages messages = open_history(file).messages();
    for (const lian::Message& message : messages) check += message.text().size();
    times.push_back(cpu_seconds() - start);
  }
  std::remove(file);
  Report report("history", static_cast<double>(2 * history_turns), median(times));
  report.add("check", static_cast<double>(check))
      .add("save_us", saving / history_turns * 1e6)
      .add("save_wall_us", saving_wall / history_turns * 1e6)
      .print();
}

}  // namespace bench
