// expect: an approval takes (std::vector<ToolCall>, Context) and gives ToolDecisions
#include "lian/agent/agent_options.hpp"

auto options = lian::AgentOptions().approval(
    [](std::vector<lian::ToolCall> pending, lian::Context) { return pending.size() == 1; });
