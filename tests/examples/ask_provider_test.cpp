// `ask` against an OpenAI-compatible server over loopback: streams, failures, interruptions.
#include <signal.h>

#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "examples/ask_support.hpp"
#include "support/catch.hpp"

using Catch::Matchers::ContainsSubstring;
using lian::test::AskWorld;
using lian::test::Child;
using lian::test::Finished;
using lian::test::OpenAiServer;
using lian::test::Reply;
using lian::test::Request;
using lian::test::times;

namespace {

const std::string question = "Where is the spare key?";

struct World : AskWorld {
  World() {
    write("keys.md", "# Keys\n\nThe spare key lies under the blue flower pot.\n");
    server.set_answer("The spare key lies under the blue flower pot. [1]");
    use(server);
  }
  Finished ask_model(const std::string& model) const {
    return ask({notes(), question, "--model", "openai:" + model});
  }
  OpenAiServer server;
};

void check_failure(const Finished& run, const std::string& message) {
  INFO(run.out << run.err);
  CHECK(run.exit_code == 1);
  CHECK_THAT(run.err, ContainsSubstring(message));
  CHECK(run.err.find("answered in") == std::string::npos);
  CHECK(run.out.find("[1] ") == std::string::npos);  // no list of citations
}

std::size_t embedding_requests(const OpenAiServer& server) {
  std::size_t count = 0;
  for (const Request& request : server.requests())
    if (request.path().ends_with("/embeddings")) ++count;
  return count;
}

// Some three batches of passages.
void write_many(const AskWorld& world) {
  for (int file = 0; file < 6; ++file) {
    std::string text;
    for (int paragraph = 0; paragraph < 50; ++paragraph)
      text += "Paragraph " + std::to_string(paragraph) + " of file " + std::to_string(file) + ". " +
              std::string(700, 'a') + "\n\n";
    world.write("part" + std::to_string(file) + ".txt", text);
  }
}

const std::vector<std::string> embedding{"--embedding", "openai:text-embedding-3-small"};

std::vector<std::string> with_embedding(const AskWorld& world) {
  return {world.notes(), question, "--store", world.store(), embedding[0], embedding[1]};
}

// The second request for embeddings stands still.
void stall_second_batch(OpenAiServer& server) {
  server.set_hook([count = 0](const Request&, const nlohmann::json&) mutable {
    return ++count == 2 ? std::optional<Reply>(Reply::nothing(lian::test::Ending::stall))
                        : std::nullopt;
  });
}

}  // namespace

TEST_CASE("ask provider: streams over HTTP/1.1 and over HTTP/2 with TLS") {
  const bool secure = GENERATE(false, true);
  lian::test::ServerOptions options;
  options.tls = options.http2 = secure;
  OpenAiServer server(options);
  server.set_answer("The spare key lies under the blue flower pot. [1]");
  AskWorld world;
  world.write("keys.md", "The spare key lies under the blue flower pot.\n");
  world.use(server);
  std::vector<std::string> arguments{world.notes(), question, "--model", "openai:gpt-4o-mini"};
  if (secure) {
    const Finished untrusted = world.ask(arguments);
    check_failure(untrusted, "no trusted TLS connection");
    arguments.insert(arguments.end(), {"--ca-file", server.server().ca_file()});
  }
  const Finished run = world.ask(arguments);
  INFO(run.err);
  CHECK(run.exit_code == 0);
  CHECK(run.out == "The spare key lies under the blue flower pot. [1]\n\n[1] " + world.notes() +
                       "/keys.md:1\n");
  CHECK(server.last_body().at("stream") == true);
  CHECK(server.requests().back().protocol == (secure ? "HTTP/2" : "HTTP/1.1"));
  CHECK(server.refused().empty());
}

TEST_CASE("ask provider: words appear while the server still speaks; Ctrl-C ends it") {
  World world;
  Child child(AskWorld::program(), {world.notes(), question, "--model", "openai:stream-stall"},
              world.environment());
  REQUIRE(child.wait_for_output("The spare"));
  child.signal(SIGINT);
  const Finished run = child.finish();
  INFO(run.err);
  CHECK(run.exit_code == 130);
  CHECK_THAT(run.err, ContainsSubstring("stopped"));
  CHECK(run.err.find("answered in") == std::string::npos);
}

TEST_CASE("ask provider: a wrong key names the variable and the host") {
  World world;
  world.use(world.server, "sk-wrong-0123456789abcdefghij");
  const Finished run = world.ask_model("gpt-4o-mini");
  check_failure(run, "OPENAI_API_KEY");
  CHECK_THAT(run.err, ContainsSubstring("127.0.0.1"));
  CHECK(run.err.find("0123456789abcdefghij") == std::string::npos);
  CHECK(times(run.err, "OPENAI_API_KEY") == 1);
}

TEST_CASE("ask provider: piped questions that fail are told one by one, and by the exit code") {
  World world;
  const std::vector<std::string> arguments{world.notes(), "--model", "openai:stream-cut"};
  const Finished run = world.ask(arguments, question + "\n  \n" + question);  // no last line end
  INFO(run.out << run.err);
  CHECK(run.exit_code == 1);
  CHECK(times(run.err, "ask: retrieval_qa") == 2);

  world.server.set_hook([count = 0](const Request&, const nlohmann::json&) mutable {
    return ++count == 1 ? std::optional<Reply>(Reply::json(401, "{}")) : std::nullopt;
  });
  const Finished json = world.ask({world.notes(), "--model", "openai:gpt-4o-mini", "--json"},
                                  question + "\n" + question + "\n");
  INFO(json.out << json.err);
  CHECK(json.exit_code == 1);
  std::istringstream out(json.out);
  nlohmann::json first, second;
  out >> first >> second;
  CHECK(first.at("error").at("kind") == "authentication");
  CHECK_THAT(second.at("answer").get<std::string>(), ContainsSubstring("blue flower pot"));
}

TEST_CASE("ask provider: Ctrl-C ends one answer of several, not the program") {
  World world;
  Child child(AskWorld::program(), {world.notes(), "--model", "openai:stream-stall"},
              world.environment(), question + "\n" + question + "\n");
  REQUIRE(child.wait_for_output("The spare"));
  child.signal(SIGINT);
  REQUIRE(child.wait_for_output("\nThe spare"));
  child.signal(SIGINT);
  const Finished run = child.finish();
  INFO(run.out << run.err);
  CHECK(run.exit_code == 0);
  CHECK(run.signal == 0);
  CHECK(run.err.find("answered in") == std::string::npos);
}

TEST_CASE("ask provider: a proxy or an address that is not there is named") {
  World world;
  world.server.set_hook({});
  std::string port;
  {
    const OpenAiServer gone;
    port = gone.url().substr(gone.url().rfind(':') + 1);
    port = port.substr(0, port.find('/'));
  }
  lian::test::Environment environment = world.environment();
  environment.emplace_back("OPENAI_BASE_URL", "http://models.invalid/v1");
  const std::vector<std::string> arguments{world.notes(), question, "--model",
                                           "openai:gpt-4o-mini"};
  check_failure(Child(AskWorld::program(), arguments, environment).finish(), "models.invalid");
  environment.emplace_back("http_proxy", "http://user:s3cr3t@127.0.0.1:" + port);
  check_failure(Child(AskWorld::program(), arguments, environment).finish(),
                "the proxy 127.0.0.1:" + port + " on the way to models.invalid");
}

TEST_CASE("ask provider: no server there") {
  World world;
  {
    const OpenAiServer gone;
    world.use(gone);
  }
  check_failure(world.ask_model("gpt-4o-mini"), "cannot connect to 127.0.0.1");
}

TEST_CASE("ask provider: a reply cut in the middle is no answer") {
  const World world;
  for (const char* const model : {"stream-cut", "stream-reset", "stream-no-done", "stream-error"}) {
    INFO(model);
    check_failure(world.ask_model(model), "retrieval_qa > openai:");
  }
}

TEST_CASE("ask provider: a reply that is no JSON") {
  World world;
  world.server.set_hook([](const Request&, const nlohmann::json&) {
    return std::optional<Reply>(Reply::json(200, "{\"choices\": [oops"));
  });
  check_failure(world.ask_model("gpt-4o-mini"), "retrieval_qa > openai:gpt-4o-mini");
}

TEST_CASE("ask provider: a second run embeds the question only") {
  const World world;
  CHECK(world.ask(with_embedding(world)).exit_code == 0);
  const std::size_t before = embedding_requests(world.server);
  CHECK(world.ask(with_embedding(world)).exit_code == 0);
  CHECK(embedding_requests(world.server) == before + 1);
}

TEST_CASE("ask provider: a store of another embedding model is refused until --rebuild") {
  const World world;
  CHECK(world.ask(with_embedding(world)).exit_code == 0);
  const std::vector<std::string> offline{world.notes(), question, "--store", world.store()};
  const Finished refused = world.ask(offline);
  check_failure(refused, "openai:text-embedding-3-small");
  CHECK_THAT(refused.err, ContainsSubstring("offline"));
  CHECK_THAT(refused.err, ContainsSubstring("--rebuild"));
  std::vector<std::string> rebuild = offline;
  rebuild.emplace_back("--rebuild");
  CHECK(world.ask(rebuild).exit_code == 0);
  CHECK(world.ask(offline).exit_code == 0);
}

TEST_CASE("ask provider: an interrupted indexing run goes on where it stopped") {
  const int how = GENERATE(SIGINT, SIGKILL);
  World world;
  write_many(world);
  stall_second_batch(world.server);
  {
    Child child(AskWorld::program(), with_embedding(world), world.environment());
    REQUIRE(world.server.server().wait_for_stalled(1));
    child.signal(how);
    const Finished run = child.finish();
    INFO(run.err);
    if (how == SIGINT) {
      CHECK(run.exit_code == 130);
      CHECK_THAT(run.err, ContainsSubstring("the index is whole"));
    } else {
      CHECK(run.signal == SIGKILL);
    }
  }
  world.server.set_hook({});
  const Finished run = world.ask(with_embedding(world));
  INFO(run.err);
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.out, ContainsSubstring("blue flower pot"));
  CHECK(run.err.find(" 0 as before") == std::string::npos);
  CHECK(world.ask(with_embedding(world)).err.find("indexed") == std::string::npos);
}
