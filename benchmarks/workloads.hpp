#pragma once
// What is measured, the same for the library, for the limit programs and for the peers.
//
//   PROGRAM seq CALLS                          one non-streamed call after another; a unit is a
//   call PROGRAM stream STREAMS CHUNKS BATCH [text] one stream after another; a unit is a chunk;
//   BATCH 0:
//                                              bursts, 1: one server write a chunk; lian joins the
//                                              message's pieces as they come, or ends in its parser
//   PROGRAM conc STREAMS CHUNKS DELAY_MS       all streams at once; a unit is a chunk
//   PROGRAM start                              one call, then the end; nothing is printed
//   PROGRAM split-bytes FILE                   recursive splitter 1000/200; a unit is a byte
//   PROGRAM split-code-points FILE             the same with lengths in code points
//   PROGRAM scan                               exact top 10 of 100,000 x 768 floats; a unit is a
//   query PROGRAM prompt                             five variables; a unit is a formatted prompt
//   PROGRAM sse FILE                           a recorded stream, read by 16 KiB; a unit is a byte
//   PROGRAM history FILE                       a session of turns of two messages, each added for
//   good
//                                              (fsync), then the whole read by another handle; a
//                                              unit is a message read; save_us is the CPU time of a
//                                              turn
//   PROGRAM chain                              lian alone: five plain steps in a row; a unit is a
//   run;
//                                              ns_a_step is beyond what the same work takes by hand
//   PROGRAM tool                               lian alone: a call of a tool as a model writes it,
//   to
//                                              the message with its answer; a unit is a call
//   PROGRAM tracing FILE                       lian alone: a chain of three plain steps; a unit is
//   a run
//                                              with nobody watching; what a step costs more with a
//                                              handler that does nothing, and with a trace to FILE
//   PROGRAM codecs FOLDER [PART]               lian alone: each recorded stream of tests/data/wire
//   (or
//                                              those whose name has PART) made 10 MB long, a line
//                                              each; a unit is an event
//
// The HTTP workloads call http://127.0.0.1:$MOCK_PORT/v1/chat/completions
// (benchmarks/mock_openai.cpp).

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

inline constexpr std::string_view system_text = "You are a helpful assistant.";
/// The user's message as a template; the variables are "French", "formally" and the call's number.
inline constexpr std::string_view user_template =
    "Translate to {lang}, {tone}: sentence number {i}, please.";

inline constexpr std::string_view prompt_template =
    "You are {role}. Answer the question in {lang}, in a {tone} tone.\n"
    "Context: {context}\nQuestion: {question}\nAnswer:";
inline constexpr std::string_view prompt_role = "a careful assistant";
inline constexpr std::string_view prompt_language = "French";
inline constexpr std::string_view prompt_tone = "formal";
inline constexpr std::string_view prompt_context =
    "Paris has been the capital of France for most of the last thousand years.";
inline constexpr long prompt_calls = 3'000'000;  ///< the question is "q" and the number of the call

inline constexpr std::size_t chunk_size = 1000;
inline constexpr std::size_t chunk_overlap = 200;
inline constexpr int repetitions = 5;  ///< of the CPU-only workloads; the median counts

inline constexpr std::size_t vector_count = 100'000;
inline constexpr std::size_t dimensions = 768;
inline constexpr std::size_t query_count = 40;
inline constexpr std::size_t nearest = 10;

inline constexpr std::size_t chain_runs = 100'000, tool_runs = 50'000;
inline constexpr std::size_t traced_runs = 20'000;
inline constexpr std::size_t history_turns = 500;
inline constexpr std::size_t history_text_bytes = 300;

/// What is said in a turn: a line of text, the same for the same number.
inline std::string history_text(std::size_t number) {
  std::string text = "message " + std::to_string(number) + " says \"this\": ";
  while (text.size() < history_text_bytes) text += "a few words more, ";
  return text;
}

inline int mock_port() {
  const char* port = std::getenv("MOCK_PORT");
  return port != nullptr ? std::atoi(port) : 8089;
}

inline std::string mock_url() {
  return "http://127.0.0.1:" + std::to_string(mock_port()) + "/v1/chat/completions";
}

inline std::string read_file(const char* name) {
  std::FILE* file = std::fopen(name, "rb");
  if (file == nullptr) {
    std::perror(name);
    std::exit(1);
  }
  std::string text;
  std::vector<char> buffer(1 << 20);
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file)) {
    text.append(buffer.data(), count);
  }
  std::fclose(file);
  return text;
}

/// A number that two programs share when they made the same chunks.
inline double chunk_check(const std::vector<std::string>& chunks) {
  std::uint32_t hash = 7;
  for (const auto& chunk : chunks) {
    for (char byte : chunk) hash = hash * 31 + static_cast<unsigned char>(byte);
  }
  return static_cast<double>(hash);
}

/// Writes `count` unit vectors, the same for the same seed.
inline void fill_vectors(float* out, std::size_t count, std::uint64_t seed) {
  std::uint64_t state = seed * 0x9E3779B97F4A7C15U + 1;
  for (std::size_t row = 0; row < count; ++row, out += dimensions) {
    float square = 0;
    for (std::size_t column = 0; column < dimensions; ++column) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      out[column] = static_cast<float>(state >> 40) / 8388608.0F - 1.0F;
      square += out[column] * out[column];
    }
    const float scale = 1.0F / std::sqrt(square);
    for (std::size_t column = 0; column < dimensions; ++column) out[column] *= scale;
  }
}

}  // namespace bench
