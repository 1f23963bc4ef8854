#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "agent/agent_support.hpp"
#include "agent/mcp_support.hpp"
#include "data/temp_folder.hpp"
#include "lian/core/when_all.hpp"
#include "support/catch.hpp"

namespace lian::test {
namespace {

using std::chrono::milliseconds;

std::vector<std::string> names_of(const std::vector<Tool>& tools) {
  std::vector<std::string> names;
  for (const Tool& tool : tools) names.push_back(tool.spec().name);
  return names;
}

TEST_CASE("mcp stdio: a server's tools become lian's, page by page") {
  auto script = offering({"echo", "fail", "a.b/c"});
  script["page"] = 1;
  const McpClient client = client_of(script);
  const std::vector<Tool> tools = client.tools();
  CHECK(names_of(tools) == std::vector<std::string>{"s__echo", "s__fail", "s__a_b_c"});
  CHECK(tools[0].spec().description == "Does echo.");
  CHECK(client.issues().empty());
  CHECK(answer_of(tools[0], R"({"text":"grüß dich"})") == "grüß dich");
  CHECK(message_of([&] { answer_of(tools[1]); }) == "s__fail: the disk is full");
  CHECK(kind_of([&] { answer_of(tools[1]); }) == ErrorKind::tool);
}

TEST_CASE("mcp stdio: says hello once and goodbye by closing the input") {
  const TempFolder folder;
  auto script = offering({"echo"});
  script["log"] = folder.path("log");
  {
    const McpClient client = client_of(script);
    static_cast<void>(client.tools());
    static_cast<void>(client.tools());
  }
  CHECK(children().empty());
  std::vector<std::string> methods;
  std::ifstream file(folder.path("log"));
  for (std::string line; std::getline(file, line);) {
    const auto message = nlohmann::json::parse(line);
    CHECK(message["jsonrpc"] == "2.0");
    methods.push_back(message["method"]);
    if (methods.back() != "initialize") continue;
    CHECK(message["params"]["protocolVersion"] == "2025-06-18");
    CHECK(message["params"]["capabilities"] == nlohmann::json::object());
    CHECK(message["params"]["clientInfo"]["name"] == "lian");
  }
  CHECK(methods == std::vector<std::string>{"initialize", "notifications/initialized", "tools/list",
                                            "tools/list"});
}

TEST_CASE("mcp stdio: calls of one turn run side by side over one connection") {
  const McpClient client = client_of(offering({"hold", "release"}));
  const std::vector<Tool> tools = client.tools();
  const auto all = [](std::vector<Tool> shared) -> Task<std::vector<ToolMessage>> {
    std::vector<Task<ToolMessage>> calls;
    for (int i = 0; i < 8; ++i) calls.push_back(shared[0].ainvoke(call_of(shared[0])));
    calls.push_back(shared[1].ainvoke(call_of(shared[1])));
    Task<std::vector<ToolMessage>> every = when_all(std::move(calls));
    co_return co_await std::move(every);
  };
  const std::vector<ToolMessage> answers = block_on(all(tools));
  std::set<std::string> different;
  for (const ToolMessage& answer : answers) different.insert(answer.content());
  CHECK(different.size() == 9);
  CHECK(answers.back().content() == "released");
}

TEST_CASE("mcp stdio: threads with loops of their own share one connection") {
  const McpClient client = client_of(offering({"echo", "hold", "release"}));
  const std::vector<Tool> tools = client.tools();
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 100; ++i) {
        const std::string text = std::to_string(thread) + ":" + std::to_string(i);
        if (answer_of(tools[0], R"({"text":")" + text + "\"}") == text) ++right;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 400);

  // One waits on a thread of its own while the others' answers come to another.
  std::string held;
  std::atomic<bool> answered = false;
  std::thread waiting([&] {
    held = answer_of(tools[1]);
    answered = true;
  });
  while (!answered) CHECK(answer_of(tools[2]) == "released");
  waiting.join();
  CHECK(holds(held, "held "));
}

TEST_CASE("mcp stdio: a nested blocking call uses the connection its outer loop waits on") {
  const McpClient client = client_of(offering({"echo", "hold", "release"}));
  const std::vector<Tool> tools = client.tools();
  const Tool echo = tools[0], hold = tools[1], release = tools[2];
  const auto nested = [](Tool inner) -> Task<std::string> {
    const std::string text = answer_of(inner);  // blocks the outer loop
    co_return text;
  };
  const auto outer = [](Task<ToolMessage> waits, Task<std::string> blocks) -> Task<std::string> {
    auto both = when_all(std::move(waits), std::move(blocks));
    const auto results = co_await std::move(both);
    co_return std::get<0>(results).content();
  };
  CHECK(holds(block_on(outer(hold.ainvoke(call_of(hold)), nested(release))), "held "));
}

TEST_CASE("mcp stdio: requests of the server are answered or refused") {
  const McpClient client = client_of(offering({"ping", "sample"}));
  const std::vector<Tool> tools = client.tools();
  CHECK(answer_of(tools[0]) == "{}");
  CHECK(answer_of(tools[1]) == "-32601");
}

TEST_CASE("mcp stdio: progress becomes events of the run") {
  struct Keeper : Handler {
    void on_event(const Event& event) override {
      if (event.type == EventType::custom) seen.emplace_back(event.message);
    }
    std::vector<std::string> seen;
  };
  const auto keeper = std::make_shared<Keeper>();
  const McpClient client = client_of(offering({"progress"}));
  const std::vector<Tool> tools = client.tools();
  CHECK(answer_of(tools[0], "{}", Context::root().with_handler(keeper)) == "done");
  CHECK(keeper->seen == std::vector<std::string>{"1 of 2: half"});
  CHECK(answer_of(tools[0]) == "done");  // nobody watches, nothing is asked for
}

TEST_CASE("mcp stdio: the child has an environment of its own, no descriptors and no signals") {
  ::setenv("LIAN_TEST_SECRET", "sesame", 1);
  const auto script = offering({"environment", "descriptors", "signals", "folder", "arguments"});
  const TempFolder folder;
  const McpServer server =
      McpServer::stdio(LIAN_TEST_MCP_SERVER, {script.dump(), "a b", "$(id)"},
                       {{"TOKEN", "abc"}, {"HOME", "/nowhere"}}, folder.path());
  const McpClient client = client_of(server);
  const std::vector<Tool> tools = client.tools();
  const std::string environment = answer_of(tools[0]);
  CHECK_FALSE(holds(environment, "SECRET"));
  CHECK(holds(environment, "TOKEN=abc\n"));
  CHECK(holds(environment, "HOME=/nowhere\n"));
  CHECK(holds(environment, "PATH="));
  CHECK(answer_of(tools[1]) == "0 1 2 ");
  CHECK(answer_of(tools[2]).empty());
  CHECK(answer_of(tools[3]) == folder.path());
  const auto arguments = nlohmann::json::parse(answer_of(tools[4]));
  CHECK(arguments[1] == "a b");
  CHECK(arguments[2] == "$(id)");
  ::unsetenv("LIAN_TEST_SECRET");
}

TEST_CASE("mcp stdio: a call that nobody waits for any more is taken back") {
  const TempFolder folder;
  auto script = offering({"hang", "echo"});
  script["log"] = folder.path("log");
  const McpClient client = client_of(script, McpOptions().call_timeout(milliseconds(100)));
  const std::vector<Tool> tools = client.tools();
  SECTION("after its time") {
    CHECK(kind_of([&] { answer_of(tools[0]); }) == ErrorKind::timeout);
    const std::string text = message_of([&] { answer_of(tools[0]); });
    CHECK(holds(text, "the MCP server 's' did not answer 'tools/call' within its 100 ms"));
  }
  SECTION("cancelled") {
    const Context soon = Context::root().with_timeout(milliseconds(20));
    CHECK(kind_of([&] { answer_of(tools[0], "{}", soon); }) == ErrorKind::timeout);
  }
  SECTION("dropped at its suspension") {
    HandDriven loop;
    auto started = loop.start(tools[0].ainvoke(call_of(tools[0])));
    for (int i = 0; i < 3; ++i) loop.turn();
    CHECK_FALSE(started->done());
    started.reset();
  }
  CHECK(answer_of(tools[1], R"({"text":"still here"})") == "still here");
  const std::string log = text_of_file(folder.path("log"));
  const auto call = log.find("\"hang\"");
  CHECK(log.find("\"method\":\"notifications/cancelled\"", call) != std::string::npos);
}

TEST_CASE("mcp stdio: dropped at any point, nothing is left behind") {
  const std::size_t descriptors = open_descriptors();
  const auto list_and_call = [](McpClient client) -> Task<std::string> {
    Task<std::vector<Tool>> listing = client.atools();
    const std::vector<Tool> tools = co_await std::move(listing);
    ToolCall call = call_of(tools[0], R"({"text":"x"})");
    Task<ToolMessage> calling = tools[0].ainvoke(std::move(call));
    const ToolMessage message = co_await std::move(calling);
    co_return message.content();
  };
  bool ended = false;
  for (int turns = 0; !ended && turns < 2000; turns += 1 + turns / 8) {
    HandDriven loop;
    auto started = loop.start(list_and_call(client_of(offering({"echo"}))));
    for (int i = 0; i < turns && !started->done(); ++i) {
      loop.turn();
      std::this_thread::sleep_for(std::chrono::microseconds(100));  // the server is at its work
    }
    ended = started->done();
    started.reset();
  }
  CHECK(ended);
  Runtime::shared().release_idle();
  CHECK(children().empty());
  CHECK(open_descriptors() <= descriptors);
}

TEST_CASE("mcp stdio: closing ends the server, the next call starts it again") {
  const McpClient client = client_of(offering({"process", "hang"}));
  const std::vector<Tool> tools = client.tools();
  const std::string first = answer_of(tools[0]);
  client.close();
  CHECK(children().empty());
  const std::string second = answer_of(tools[0]);
  CHECK(first != second);

  std::thread closing([&] {
    HandDriven loop;
    auto ending = loop.start(client.aclose());
    loop.finish(*ending);
  });
  closing.join();
  CHECK(children().empty());
}

TEST_CASE("mcp stdio: a server that will not end is killed with its group") {
  auto script = offering({"child"});
  script["stubborn"] = true;
  std::string grandchild;
  const auto begin = Clock::now();
  {
    const McpClient client = client_of(script, McpOptions().shutdown_timeout(milliseconds(200)));
    const std::vector<Tool> tools = client.tools();
    grandchild = answer_of(tools[0]);
    CHECK(is_alive(std::stoi(grandchild)));
  }
  CHECK(Clock::now() - begin < std::chrono::seconds(5));
  CHECK(children().empty());
  for (int i = 0; i < 1000 && is_alive(std::stoi(grandchild)); ++i)
    std::this_thread::sleep_for(milliseconds(1));
  CHECK_FALSE(is_alive(std::stoi(grandchild)));
}

TEST_CASE("mcp stdio: an agent uses the tools, a person approves") {
  auto script = offering({"echo"});
  script["tools"].push_back(tool_json("process", true));
  const McpClient client = client_of(script);
  const std::vector<Tool> tools = client.tools();
  CHECK(tools[0].options().needs_approval());
  CHECK_FALSE(tools[1].options().needs_approval());
  const ScriptedChatModel model({calling("s__echo", R"({"text":"hi"})"), ScriptedReply("done")});
  std::vector<std::string> asked;
  AgentOptions options;
  options.approval([&asked](std::vector<ToolCall> calls, Context) {
    for (const ToolCall& call : calls) asked.push_back(call.name);
    return ToolDecisions(calls.size());
  });
  const AgentResult result = create_tool_calling_agent(model, tools, options).invoke("say hi");
  CHECK(result.output == "done");
  CHECK(asked == std::vector<std::string>{"s__echo"});
  const auto ask_all = client_of(script, McpOptions().approval(McpApproval::always)).tools();
  CHECK(ask_all[1].options().needs_approval());
  const auto ask_none = client_of(script, McpOptions().approval(McpApproval::never)).tools();
  CHECK_FALSE(ask_none[0].options().needs_approval());
}

}  // namespace
}  // namespace lian::test
