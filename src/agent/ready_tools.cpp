#include "lian/agent/ready_tools.hpp"

#include <chrono>

#include <fmt/format.h>

#include "lian/agent/tool_function.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

namespace {

std::string now_text() {
  using namespace std::chrono;
  constexpr std::string_view days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
  const auto now = floor<seconds>(system_clock::now());
  const auto day = floor<std::chrono::days>(now);
  const year_month_day date(day);
  const hh_mm_ss time(now - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z, {}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     days[weekday(day).c_encoding()]);
}

ToolOutput found(const Documents& documents) {
  ToolOutput out;
  out.artifact = Json::array();
  for (std::size_t i = 0; i < documents.size(); ++i) {
    out.content += fmt::format("{}[{}] {}\n{}", i == 0 ? "" : "\n\n", i + 1, documents[i].source(),
                               documents[i].text);
    out.artifact.push_back(documents[i].metadata.to_json());
  }
  if (documents.empty()) out.content = "Nothing was found.";
  return out;
}

// Keeps the retriever for as long as it looks.
Task<ToolOutput> retrieve(Runnable<std::string, Documents> retriever, std::string query,
                          Context context) {
  Task<Documents> looking = retriever.ainvoke(std::move(query), std::move(context));
  const Documents documents = co_await std::move(looking);
  co_return found(documents);
}

}  // namespace

Tool clock_tool(ToolOptions options) {
  return tool("clock", "Tells the time now, in UTC, and the day of the week.", &now_text,
              std::move(options));
}

Tool retriever_tool(Runnable<std::string, Documents> retriever, std::string name,
                    std::string description, ToolOptions options) {
  return tool(
      std::move(name), std::move(description),
      [retriever = std::move(retriever)](std::string query, Context context) {
        return retrieve(retriever, std::move(query), std::move(context));
      },
      {{"query", "what to look for"}}, std::move(options));
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
