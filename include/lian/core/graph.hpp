#pragma once

#include <string>
#include <vector>

#include "lian/core/pipe.hpp"

namespace lian {
inline namespace v0 {

/// A step of a Graph. Regular value.
struct LIAN_API GraphNode {
  GraphNode() = default;
  std::string id;    ///< "__start__", "__end__", or a name of its own within the graph
  std::string name;  ///< the step's name
  StepKind kind = StepKind::chain;
  bool streams = false;  ///< hands pieces on as they come
};

/// What one step gives goes to another. Regular value.
struct LIAN_API GraphEdge {
  GraphEdge() = default;
  std::string from, to;  ///< ids of nodes
  std::string label;     ///< the branch's name or condition; "" for a plain edge
};

/// The steps of a chain and how they are joined. Regular value.
class LIAN_API Graph {
 public:
  explicit Graph(std::vector<StepInfo> steps);

  const std::vector<GraphNode>& nodes() const noexcept { return nodes_; }
  const std::vector<GraphEdge>& edges() const noexcept { return edges_; }
  /// A flowchart for Mermaid (https://mermaid.js.org), ends with a newline.
  std::string draw_mermaid() const;
  /// The same as lines of ASCII text, ends with a newline.
  std::string draw_ascii() const;

 private:
  struct Builder;
  std::vector<StepInfo> steps_;
  std::vector<GraphNode> nodes_;
  std::vector<GraphEdge> edges_;
};

/// The graph of a chain: `std::cout << get_graph(chain).draw_mermaid()`.
template <StepHandle T>
Graph get_graph(const T& chain) {
  return Graph(describe(chain));
}

}  // namespace v0
}  // namespace lian
