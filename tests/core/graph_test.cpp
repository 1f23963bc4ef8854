#include "lian/core/graph.hpp"

#include <string>
#include <vector>

#include "lian/core/branch.hpp"
#include "lian/core/parallel.hpp"
#include "lian/core/passthrough.hpp"
#include "support/catch.hpp"

namespace {

auto named(std::string name) {
  return lian::step([](std::string text) { return text; }, std::move(name));
}

}  // namespace

TEST_CASE("graph: a sequence from start to end") {
  const lian::Graph graph = get_graph(named("a") | named("b"));
  CHECK(graph.nodes().size() == 4);
  CHECK(graph.edges().size() == 3);
  CHECK(graph.draw_mermaid() ==
        "graph TD;\n\t__start__([\"start\"])\n\tn1[\"a\"]\n\tn2[\"b\"]\n\t__end__([\"end\"])\n"
        "\t__start__ --> n1;\n\tn1 --> n2;\n\tn2 --> __end__;\n");
  CHECK(graph.draw_ascii() == "start\n| a [function]\n| b [function]\nend\n");
}

TEST_CASE("graph: branches fork under their names and meet again") {
  const auto chain =
      lian::parallel(lian::key<"x"> = named("a") | named("b"), lian::key<"y"> = named("c")) |
      [](const auto& record) { return record.template get<"x">(); };
  const std::string drawn = get_graph(chain).draw_mermaid();
  for (const char* edge : {"n1 -- \"x\" --> n2;", "n2 --> n3;", "n1 -- \"y\" --> n4;", "n3 --> n5;",
                           "n4 --> n5;", "n5 --> __end__;"})
    CHECK(drawn.find(edge) != std::string::npos);
  CHECK(get_graph(chain).edges().size() == 7);
  CHECK(get_graph(chain).draw_ascii() ==
        "start\n| parallel [chain, streams]\n  + x:\n    | a [function]\n    | b [function]\n"
        "  + y:\n    | c [function]\n| function [function]\nend\n");
}

TEST_CASE("graph: the ways of a branch, fallbacks and what a step runs inside") {
  const auto chain =
      lian::branch(lian::when([](const std::string& s) { return s.empty(); }, named("empty")),
                   named("full").with_fallbacks({named("spare")})) |
      lian::step([](std::string text) { return std::vector<std::string>{text}; }, "list") |
      named("each").map();
  const std::string drawn = get_graph(chain).draw_ascii();
  CHECK(drawn ==
        "start\n| branch [chain]\n  + when 1:\n    | empty [function]\n  + otherwise:\n"
        "    | with_fallbacks [chain]\n      + first:\n        | full [function]\n"
        "      + fallback 1:\n        | spare [function]\n| list [function]\n| map [chain]\n    | "
        "each [function]\nend\n");
}

TEST_CASE("graph: names cannot break out of the drawing") {
  const std::string drawn = get_graph(named("a\"] --> <b>#\nx")).draw_mermaid();
  CHECK(drawn.find("n1[\"a#quot;] --#gt; #lt;b#gt;#35; x\"]") != std::string::npos);
}
