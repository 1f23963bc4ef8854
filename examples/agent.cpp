// An agent with tools: agent [--model NAME] [--files FOLDER] [--mcp FILE] [--yes] "task"
#include <signal.h>

#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "lian/agent/agent.hpp"
#include "lian/agent/fetch_tool.hpp"
#include "lian/agent/file_tools.hpp"
#include "lian/agent/mcp.hpp"
#include "lian/agent/ready_tools.hpp"
#include "lian/core/stop_on.hpp"
#include "lian/core/utf8.hpp"
#include "lian/model/registry.hpp"
#include "recording_option.hpp"

namespace {

constexpr int exit_error = 1, exit_limit = 3, exit_interrupted = 130;
constexpr std::size_t shown_bytes = 300;

struct Options {
  std::string model = "openai:gpt-4o-mini", files, mcp, task;
  int max_iterations = 15;
  bool yes = false, react = false;
};

std::string shown(const std::string& text) {
  if (text.size() <= shown_bytes) return text;
  return text.substr(0, lian::utf8::code_point_boundary(text, shown_bytes)) + "…";
}

lian::ToolDecisions ask_person(const std::vector<lian::ToolCall>& pending) {
  lian::ToolDecisions decisions;
  for (const lian::ToolCall& call : pending) {
    std::cerr << "? run " << call.name << call.arguments << " [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    decisions.push_back(answer == "y" || answer == "yes" ? lian::ToolDecision::approve()
                                                         : lian::ToolDecision::reject());
  }
  return decisions;
}

// The tools of the servers that the file names; what was wrong with one is told.
void add_mcp_tools(const Options& options, const lian::Context& context,
                   std::vector<lian::Tool>& tools) {
  lian::McpOptions settings;
  if (options.yes) settings.approval(lian::McpApproval::never);
  const lian::McpClient client = lian::McpClient::from_file(options.mcp, settings);
  for (lian::Tool& tool : client.tools(context)) tools.push_back(std::move(tool));
  for (const lian::McpIssue& issue : client.issues())
    std::cerr << fmt::format("! {} of {} {}: {}\n", issue.tool, issue.server,
                             issue.refused ? "is refused" : "was cleaned", issue.what);
}

lian::AgentExecutor make_agent(const Options& options, const lian::Context& context) {
  std::vector<lian::Tool> tools{
      lian::calculator_tool(), lian::clock_tool(),
      lian::fetch_tool(lian::FetchOptions(), lian::ToolOptions().needs_approval(!options.yes))};
  if (!options.files.empty())
    for (lian::Tool& tool :
         lian::file_tools(options.files, lian::FileToolOptions().allow_write(options.yes)))
      tools.push_back(std::move(tool));
  if (!options.mcp.empty()) add_mcp_tools(options, context, tools);
  lian::AgentOptions settings;
  settings.max_iterations(options.max_iterations);
  settings.approval(
      [](std::vector<lian::ToolCall> pending, lian::Context) { return ask_person(pending); });
  const lian::ChatModel model = lian::chat_model(options.model);
  if (options.react) return lian::create_react_agent(model, std::move(tools), settings);
  return lian::create_tool_calling_agent(
      model, std::move(tools), settings.prompt("Use the tools where they help. Be brief."));
}

// Each step as it comes; the answer alone goes to standard output.
lian::AgentResult run(const Options& options, lian::Context context) {
  lian::AgentResult result;
  const lian::AgentExecutor agent = make_agent(options, context);
  for (lian::AgentPiece& piece : agent.stream(options.task, std::move(context))) {
    switch (piece.kind) {
      case lian::AgentPiece::Kind::model:
        break;
      case lian::AgentPiece::Kind::tool_start:
        std::cerr << "> " << piece.call.name << shown(piece.call.arguments) << '\n';
        break;
      case lian::AgentPiece::Kind::tool_end:
        std::cerr << "< " << shown(piece.result.content()) << '\n';
        break;
      case lian::AgentPiece::Kind::final:
        result = std::move(*piece.end);
    }
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  RecordingOption recording;
  CLI::App app("Works on a task with tools: arithmetic, the time, the web, files, MCP servers.");
  app.footer("Exit codes: 0 answered; 1 error; 3 stopped at a limit; 130 interrupted.");
  app.add_option("task", options.task, "What to do")->required();
  app.add_option("--model", options.model, "The chat model")->capture_default_str();
  app.add_option("--files", options.files,
                 "A folder whose files it may read, and write once you agree");
  app.add_option("--mcp", options.mcp,
                 "A file of MCP servers ({\"mcpServers\": {...}}) whose tools it may use");
  app.add_option("--max-iterations", options.max_iterations, "Calls of the model at most")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_flag("--react", options.react, "Reason and act in text, for models without tool calls");
  app.add_flag("--yes", options.yes, "Do not ask before a tool that needs approval");
  recording.add_to(app);
  CLI11_PARSE(app, argc, argv);
  try {
    const lian::StopOn interrupt = lian::stop_on(SIGINT);
    const lian::AgentResult result =
        run(options, recording.context(lian::Context().with_stop(interrupt.token())));
    recording.save();
    std::cerr << fmt::format("[{} calls of the model, {} of tools, {} tokens]\n", result.iterations,
                             result.tool_calls, result.usage.total_tokens);
    std::cout << result.output << '\n';
    if (!std::cout.flush()) return exit_error;
    const bool answered = result.stop == lian::AgentStop::final_answer ||
                          result.stop == lian::AgentStop::return_direct;
    return answered ? 0 : exit_limit;
  } catch (const lian::Error& error) {
    std::cerr << "agent: " << error.what() << '\n';
    return error.kind() == lian::ErrorKind::cancelled ? exit_interrupted : exit_error;
  } catch (const std::exception& error) {
    std::cerr << "agent: " << error.what() << '\n';
    return exit_error;
  }
}
