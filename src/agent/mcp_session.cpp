#include "agent/mcp_session.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "agent/mcp_http.hpp"
#include "agent/mcp_result.hpp"
#include "agent/mcp_stdio.hpp"
#include "agent/mcp_text.hpp"
#include "core/digest.hpp"
#include "net/environment.hpp"
#include "net/url.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t max_pages = 1000, max_definition_bytes = std::size_t{256} << 10;
constexpr std::size_t shown_bytes = 100;
constexpr int tries = 2;  // of a call whose session the server has forgotten
constexpr std::array inherited{"PATH", "HOME", "USER", "LANG", "TMPDIR"};

// What the server gets of the environment; what is configured goes before what is inherited.
ChildCommand command_of(const McpServer& server) {
  ChildCommand command;
  command.program = server.command();
  command.arguments = server.args();
  command.folder = server.cwd();
  command.environment = server.env();
  for (const char* name : inherited) {
    const bool set = std::any_of(server.env().begin(), server.env().end(),
                                 [&](const auto& variable) { return variable.first == name; });
    std::string value = set ? std::string() : environment(name);
    if (!value.empty()) command.environment.emplace_back(name, std::move(value));
  }
  return command;
}

McpLimits limits_of(const McpOptions& options) {
  McpLimits limits;
  limits.initialize = options.initialize_timeout();
  limits.call = options.call_timeout();
  limits.shutdown = options.shutdown_timeout();
  limits.message_bytes = options.max_message_bytes();
  limits.unanswered_bytes = 4 * options.max_message_bytes();
  return limits;
}

std::string place_of(const McpServer& server) {
  if (!server.url().empty()) return server.url();
  Json words = Json::array({server.command(), server.cwd()});
  for (const std::string& argument : server.args()) words.push_back(argument);
  return words.dump();
}

bool is_secure(const std::string& url) {
  return is_loopback(url) || (url.size() > 5 && (url[4] == 's' || url[4] == 'S'));
}

std::shared_ptr<McpTransport> transport_of(const std::string& name, const McpServer& server,
                                           const McpOptions& options) {
  if (server.url().empty()) return mcp_stdio(name, command_of(server), limits_of(options));
  if (!is_secure(server.url()) && !server.plain_http())
    throw Error(ErrorKind::config,
                fmt::format("the MCP server '{}' is spoken to without TLS and is not on this "
                            "machine: use https, or McpServer::allow_plain_http if the network is "
                            "yours",
                            name));
  return mcp_http(name, server.url(), server.headers(), limits_of(options));
}

// A tool that calls its server.
class McpToolBody final : public ToolBody {
 public:
  McpToolBody(std::shared_ptr<McpSession> session, std::string tool, std::string hash)
      : session_(std::move(session)), tool_(std::move(tool)), hash_(std::move(hash)) {}
  Task<ToolOutput> run(Json arguments, Context context) const override {
    return McpSession::call(session_, tool_, hash_, std::move(arguments), std::move(context));
  }

 private:
  std::shared_ptr<McpSession> session_;
  std::string tool_, hash_;
};

}  // namespace

McpSession::McpSession(std::string name, const McpServer& server, McpOptions options)
    : name_(std::move(name)),
      prefix_(mcp_server_name(name_)),
      options_(options),
      place_(place_of(server)),
      transport_(transport_of(name_, server, options_)) {}

// ------------------------------------------------------------------ listing

Task<std::vector<Json>> McpSession::list() {
  std::vector<Json> tools;
  std::set<std::string> cursors;
  Json params = Json::object();
  bool opened_again = false;
  for (std::size_t page = 0; page < max_pages; ++page) {
    Task<std::optional<Json>> asking = transport_->request("tools/list", params, Context::root());
    std::optional<Json> reply = co_await std::move(asking);
    if (!reply) {  // the session is another one: begin again
      if (std::exchange(opened_again, true)) throw_forgotten();
      Task<void> opening = transport_->open();
      co_await std::move(opening);
      tools.clear();
      cursors.clear();
      params = Json::object();
      continue;
    }
    const Json listed = (*reply)["tools"], next = (*reply)["nextCursor"];
    if (!listed.is_array())
      throw Error(ErrorKind::parse,
                  fmt::format("the MCP server '{}' answered 'tools/list' without tools", name_));
    for (Json& tool : listed.items()) tools.push_back(std::move(tool));
    if (tools.size() > options_.max_tools())
      throw LimitError(fmt::format("the MCP server '{}' offers more than {} tools "
                                   "(McpOptions::max_tools)",
                                   name_, options_.max_tools()),
                       "max_tools", options_.max_tools());
    if (!next.is_string()) co_return tools;
    std::string cursor(next.as_string());
    if (!cursors.insert(cursor).second) break;
    params = Json::object({{"cursor", cursor}});
  }
  throw LimitError(fmt::format("the MCP server '{}' never ends its list of tools", name_),
                   "max_pages", max_pages);
}

// Learns what the server offers, unless that is known and has not changed.
Task<void> McpSession::refresh(bool again) {
  Semaphore::Acquire acquire = listing_.lock();
  const Semaphore::Permit permit = co_await acquire;
  const std::uint64_t changes = transport_->changes();
  bool known = false;
  {
    const std::lock_guard lock(mutex_);
    known = known_ == changes;
  }
  if (known && !again) co_return;
  Task<std::vector<Json>> listing = list();
  const std::vector<Json> listed = co_await std::move(listing);
  keep(listed, changes);
}

void McpSession::keep(const std::vector<Json>& listed, std::uint64_t changes) {
  const std::lock_guard lock(mutex_);
  Definitions found;
  issues_.clear();
  order_.clear();
  for (const Json& json : listed) keep_one(json, found);
  definitions_ = std::move(found);
  known_ = changes;
}

void McpSession::keep_one(const Json& json, Definitions& found) {
  const Json given = json["name"];
  const std::string name = given.is_string() ? std::string(given.as_string()) : std::string();
  try {
    Definition definition;
    definition.model_name = mcp_tool_name(prefix_, name);
    definition.json = json;
    definition.json.erase("_meta");
    const std::string text = canonical_json(definition.json);
    if (text.size() > max_definition_bytes)
      throw Error(ErrorKind::validation,
                  fmt::format("its definition has more than {} bytes", max_definition_bytes));
    definition.hash = hex(sha256(place_ + "\n" + text));
    const bool taken = std::any_of(found.begin(), found.end(), [&](const auto& other) {
      return other.second.model_name == definition.model_name;
    });
    if (taken)
      throw Error(ErrorKind::validation,
                  fmt::format("another tool is named '{}' as well", definition.model_name));
    order_.push_back(name);
    found.emplace(name, std::move(definition));
  } catch (const Error& error) {
    report(mcp_shown(name, shown_bytes), error.message(), true);
  }
}

void McpSession::report(std::string tool, std::string what, bool refused) {
  McpIssue issue;
  issue.server = name_;
  issue.tool = std::move(tool);
  issue.what = std::move(what);
  issue.refused = refused;
  issues_.push_back(std::move(issue));
}

ToolOptions McpSession::options_of(const Json& json) const {
  const Json reads = json["annotations"]["readOnlyHint"];
  const bool read_only = reads.is_bool() && reads.as_bool();
  const bool asks = options_.approval() == McpApproval::always ||
                    (options_.approval() == McpApproval::unless_read_only && !read_only);
  return ToolOptions().needs_approval(asks).max_output_bytes(options_.max_output_bytes());
}

// Nothing when the tool cannot be offered, which is then one of the issues.
std::optional<Tool> McpSession::tool_of(const std::string& name, const Definition& definition) {
  try {
    const auto pin = pins_.try_emplace(name, definition.hash).first;
    if (pin->second != definition.hash)
      throw Error(ErrorKind::validation,
                  fmt::format("its definition is not the one it was first listed with; read it and "
                              "call McpClient::approve(\"{}\") to take it",
                              definition.model_name));
    const Json description = definition.json["description"];
    if (!description.is_null() && !description.is_string())
      throw Error(ErrorKind::validation, "its description is no text");
    McpCleanText clean =
        clean_mcp_text(description.is_string() ? description.as_string() : std::string_view(),
                       options_.max_description_bytes());
    ToolSpec spec;
    spec.name = definition.model_name;
    spec.description = std::move(clean.text);
    const Json schema = definition.json["inputSchema"];
    spec.parameters = schema.is_null()
                          ? Json::object({{"type", "object"}})
                          : clean_mcp_schema(schema, options_.max_description_bytes(), clean.found);
    auto body = std::make_shared<const McpToolBody>(shared_from_this(), name, definition.hash);
    Tool made(std::move(spec), std::move(body), options_of(definition.json));
    if (!clean.found.empty()) report(name, "its description lost " + clean.found, false);
    return made;
  } catch (const Error& error) {
    report(name, error.message(), true);
    return std::nullopt;
  }
}

Task<std::vector<Tool>> McpSession::tools(Context context) {
  Task<void> opening = transport_->open();
  co_await std::move(opening);
  Task<void> listing = refresh(true);
  co_await std::move(listing);
  std::vector<Tool> tools;
  std::vector<McpIssue> found;
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& name : order_)
      if (std::optional<Tool> tool = tool_of(name, definitions_.at(name)))
        tools.push_back(std::move(*tool));
    found = issues_;
  }
  for (const McpIssue& issue : found)
    context.warn(
        name_, fmt::format("the tool '{}' of the MCP server '{}' {}: {}", issue.tool, issue.server,
                           issue.refused ? "is refused" : "was cleaned", issue.what));
  co_return tools;
}

std::vector<McpIssue> McpSession::issues() const {
  const std::lock_guard lock(mutex_);
  return issues_;
}

bool McpSession::approve(std::string_view model_name) {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, definition] : definitions_) {
    if (definition.model_name != model_name) continue;
    pins_[name] = definition.hash;
    return true;
  }
  return false;
}

// ------------------------------------------------------------------ calling

void McpSession::throw_forgotten() const {
  throw Error(ErrorKind::network,
              fmt::format("the MCP server '{}' forgets its sessions at once", name_));
}

void McpSession::check_definition(const std::string& tool, const std::string& hash) const {
  const std::lock_guard lock(mutex_);
  const auto found = definitions_.find(tool);
  if (found == definitions_.end())
    throw ToolError(
        fmt::format("the MCP server '{}' does not offer the tool '{}' any more", name_, tool),
        tool);
  if (found->second.hash != hash)
    throw ToolError(fmt::format("the tool '{}' of the MCP server '{}' is disabled: its definition "
                                "has changed since it was listed",
                                tool, name_),
                    tool);
}

// That the tool failed is the tool's own word; what is no answer is the server's fault.
ToolOutput McpSession::output_of(const Json& result, const std::string& tool) const {
  try {
    return mcp_output(result, tool, options_.max_output_bytes());
  } catch (const ToolError&) {
    throw;
  } catch (...) {
    std::rethrow_exception(mcp_error_of(name_));
  }
}

Task<ToolOutput> McpSession::call(std::shared_ptr<McpSession> self, std::string tool,
                                  std::string hash, Json arguments, Context context) {
  for (int i = 0; i < tries; ++i) {
    Task<void> opening = self->transport_->open();
    co_await std::move(opening);
    Task<void> listing = self->refresh(false);
    co_await std::move(listing);
    self->check_definition(tool, hash);
    Json params = Json::object({{"name", tool}, {"arguments", arguments}});
    Task<std::optional<Json>> asking =
        self->transport_->request("tools/call", std::move(params), context);
    const std::optional<Json> result = co_await std::move(asking);
    if (!result) continue;
    co_return self->output_of(*result, tool);
  }
  self->throw_forgotten();
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
