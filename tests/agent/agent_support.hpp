/// What the tests of agents share: small tools and scripts.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lian/agent/agent.hpp"
#include "lian/agent/tool_function.hpp"
#include "lian/core/pipe.hpp"
#include "lian/testing/scripted_chat_model.hpp"

namespace lian::test {

using testing::ScriptedChatModel;
using testing::ScriptedReply;

inline Tool adder() {
  return tool("add", "adds two integers", [](int a, int b) { return a + b; }, {"a", "b"});
}

inline ScriptedReply calling(std::string name, std::string arguments, std::string id = "c1") {
  return ScriptedReply().call(std::move(name), std::move(arguments), std::move(id));
}

inline Context root() { return Context::root(); }

/// The pieces of a streamed run, and its result.
struct StreamedRun {
  std::vector<AgentPiece> pieces;
  AgentResult result;
};

inline StreamedRun stream_run(const AgentExecutor& agent, AgentInput input,
                              Context context = Context::root()) {
  StreamedRun run;
  auto pieces = agent.stream(std::move(input), std::move(context));
  while (AgentPiece* piece = pieces.next()) {
    if (piece->end) run.result = *piece->end;
    run.pieces.push_back(std::move(*piece));
  }
  return run;
}

/// "model", "start add", "end add" …; neighbouring model pieces are one.
inline std::vector<std::string> kinds_of(const std::vector<AgentPiece>& pieces) {
  std::vector<std::string> kinds;
  for (const AgentPiece& piece : pieces) {
    std::string kind;
    switch (piece.kind) {
      case AgentPiece::Kind::model:
        kind = "model";
        break;
      case AgentPiece::Kind::tool_start:
        kind = "start " + piece.call.name;
        break;
      case AgentPiece::Kind::tool_end:
        kind = "end " + piece.call.name;
        break;
      case AgentPiece::Kind::final:
        kind = "final";
        break;
    }
    if (kind != "model" || kinds.empty() || kinds.back() != "model") kinds.push_back(kind);
  }
  return kinds;
}

}  // namespace lian::test
