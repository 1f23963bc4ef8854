/// The fuzz targets: what bytes a provider might send to a codec, and what must hold whatever they
/// are. Each target of targets.def is a libFuzzer program; test_fuzz replays the seeds of all of
/// them, and the inputs that once failed, in the ordinary suite.
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "lian/core/error.hpp"
#include "lian/model/chat_request.hpp"
#include "model/provider.hpp"

namespace lian::fuzz {

/// What a target reads.
enum class Kind {
  chat,
  text,
  embeddings,
  models,
  sse,
  ndjson,
  json_array,
  json_reader,
  websocket_frames,
  tool_arguments,
  mcp
};

/// A line of targets.def.
struct Target {
  std::string_view name;
  Kind kind;
  const ProviderRow* row;
  std::string_view model, settings, seeds, end;
};

std::span<const Target> targets();
/// Throws std::invalid_argument for a name that targets.def does not have.
const Target& target(std::string_view name);

/// A property that does not hold. Never a lian::Error, so that nothing takes it for one.
class Finding : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Reads one input and throws Finding, or what the codec should not have thrown.
void check(const Target& target, std::string_view input);

/// A recorded file as an input of the target, in one of the ways it may arrive.
struct Seed {
  std::string name, input;
};
std::vector<Seed> seeds(const Target& target);
/// The words of the target's protocol, as a dictionary for libFuzzer.
std::string dictionary(const Target& target);

/// What stands before the bytes of an input: "0" to "4" for the mode, "0" to "7" for the flags,
/// then four that give the lengths of the chunks, in turn: 1 to 255 bytes, "\0" for all the rest.
enum class Mode { stream, cut_stream, reply, error, count };
struct Input {
  static constexpr std::size_t head_bytes = 6;
  explicit Input(std::string_view input);
  /// The body in chunks of the wanted lengths.
  std::vector<std::string_view> chunks() const;

  Mode mode = Mode::stream;
  unsigned flags = 0;
  std::string_view lengths, body;
};

/// The settings of a line of targets.def, applied.
Endpoint endpoint(const Target& target);
ChatRequest request(const Target& target);

// One function a kind.
void check_chat(const Target& target, const Input& input);
void check_embeddings(const Target& target, const Input& input);
void check_models(const Target& target, const Input& input);
void check_sse(const Input& input);
void check_ndjson(const Input& input);
void check_json_array(const Input& input);
void check_json_reader(const Input& input);
void check_websocket_frames(const Input& input);
void check_tool_arguments(const Input& input);
void check_mcp(const Input& input);

/// Throws Finding unless `holds`.
void require(bool holds, std::string_view what);
void require_utf8(std::string_view text, std::string_view what);
/// Reads the 64 bytes behind `text` that a parser may read: AddressSanitizer checks them.
void touch_padding(std::string_view text);

/// How a call ended: an error by its kind, or none.
struct Ending {
  Ending() = default;
  bool failed = false;
  ErrorKind kind = ErrorKind::parse;
  friend bool operator==(const Ending&, const Ending&) = default;
};

template <class F>
Ending ending_of(F&& f) {
  Ending ending;
  try {
    f();
  } catch (const Error& error) {
    require_utf8(error.what(), "the text of an error");
    ending.failed = true;
    ending.kind = error.kind();
  }
  return ending;
}

}  // namespace lian::fuzz
