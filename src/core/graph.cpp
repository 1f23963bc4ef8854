#include "lian/core/graph.hpp"

#include <fmt/format.h>

namespace lian {
inline namespace v0 {

namespace {

constexpr std::string_view start_id = "__start__", end_id = "__end__";

// Text inside the quotes of a Mermaid label.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "#quot;";
        break;
      case '#':
        out += "#35;";
        break;
      case '<':
        out += "#lt;";
        break;
      case '>':
        out += "#gt;";
        break;
      case '\n':
      case '\r':
        out += ' ';
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

struct Graph::Builder {
  // Where a path ends, and the name of the branch that begins there.
  struct Open {
    std::string id, label;
  };
  using Opens = std::vector<Open>;

  Opens add(const StepInfo& step, const Opens& from) {
    GraphNode node;
    node.id = fmt::format("n{}", graph.nodes_.size());
    node.name = step.name;
    node.kind = step.kind;
    node.streams = step.streams;
    return join(std::move(node), from);
  }
  Opens join(GraphNode node, const Opens& from) {
    for (const Open& open : from) {
      GraphEdge edge;
      edge.from = open.id;
      edge.to = node.id;
      edge.label = open.label;
      graph.edges_.push_back(std::move(edge));
    }
    graph.nodes_.push_back(std::move(node));
    return {Open{graph.nodes_.back().id, {}}};
  }

  // The steps of one depth, until they end or another branch begins; gives where they lead.
  Opens block(int depth, Opens from) {
    for (bool first = true; at < steps.size() && steps[at].depth >= depth; first = false) {
      if (!first && !steps[at].branch.empty()) break;
      from = add(steps[at++], from);
      if (at < steps.size() && steps[at].depth > depth) from = inside(steps[at].depth, from);
    }
    return from;
  }
  // What a step contains: its body, or branches that fork from it and meet behind it.
  Opens inside(int depth, const Opens& container) {
    if (steps[at].branch.empty()) return block(depth, container);
    Opens ends;
    while (at < steps.size() && steps[at].depth >= depth) {
      Opens fork = container;
      for (Open& open : fork) open.label = steps[at].branch;
      for (Open& end : block(depth, std::move(fork))) ends.push_back(std::move(end));
    }
    return ends;
  }

  Graph& graph;
  const std::vector<StepInfo>& steps;
  std::size_t at = 0;
};

Graph::Graph(std::vector<StepInfo> steps) : steps_(std::move(steps)) {
  Builder builder{*this, steps_};
  GraphNode start, end;
  start.id = start.name = start_id;
  end.id = end.name = end_id;
  const Builder::Opens entry = builder.join(std::move(start), {});
  builder.join(std::move(end), builder.block(0, entry));
}

std::string Graph::draw_mermaid() const {
  std::string out = "graph TD;\n";
  for (const GraphNode& node : nodes_) {
    if (node.id == start_id)
      fmt::format_to(std::back_inserter(out), "\t{}([\"start\"])\n", node.id);
    else if (node.id == end_id)
      fmt::format_to(std::back_inserter(out), "\t{}([\"end\"])\n", node.id);
    else
      fmt::format_to(std::back_inserter(out), "\t{}[\"{}\"]\n", node.id, quoted(node.name));
  }
  for (const GraphEdge& edge : edges_) {
    if (edge.label.empty())
      fmt::format_to(std::back_inserter(out), "\t{} --> {};\n", edge.from, edge.to);
    else
      fmt::format_to(std::back_inserter(out), "\t{} -- \"{}\" --> {};\n", edge.from,
                     quoted(edge.label), edge.to);
  }
  return out;
}

std::string Graph::draw_ascii() const {
  std::string out = "start\n";
  for (const StepInfo& step : steps_) {
    const std::string indent(static_cast<std::size_t>(step.depth) * 4, ' ');
    if (!step.branch.empty())
      fmt::format_to(std::back_inserter(out), "{}+ {}:\n", indent.substr(2), step.branch);
    fmt::format_to(std::back_inserter(out), "{}| {} [{}{}]\n", indent, step.name,
                   to_string(step.kind), step.streams ? ", streams" : "");
  }
  return out + "end\n";
}

}  // namespace v0
}  // namespace lian
