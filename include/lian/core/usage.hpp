#pragma once

#include <cstdint>

#include "lian/core/export.hpp"

namespace lian {
inline namespace v0 {

/// Tokens one call used, normalised over providers: `input_tokens` includes cached ones,
/// `output_tokens` includes reasoning. Regular value.
struct Usage {
  Usage() = default;
  Usage(std::int64_t input, std::int64_t output)
      : input_tokens(input), output_tokens(output), total_tokens(input + output) {}

  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t total_tokens = 0;
  std::int64_t cached_tokens = 0;        ///< of the input, read from the provider's cache
  std::int64_t cache_write_tokens = 0;   ///< of the input, written to the provider's cache
  std::int64_t reasoning_tokens = 0;     ///< of the output
  std::int64_t audio_input_tokens = 0;   ///< of the input
  std::int64_t audio_output_tokens = 0;  ///< of the output
  std::int64_t accepted_prediction_tokens = 0;  ///< of the output, as predicted in the request
  std::int64_t rejected_prediction_tokens = 0;  ///< of the output: predicted but not used

  Usage& operator+=(const Usage& other) {
    input_tokens += other.input_tokens;
    output_tokens += other.output_tokens;
    total_tokens += other.total_tokens;
    cached_tokens += other.cached_tokens;
    cache_write_tokens += other.cache_write_tokens;
    reasoning_tokens += other.reasoning_tokens;
    audio_input_tokens += other.audio_input_tokens;
    audio_output_tokens += other.audio_output_tokens;
    accepted_prediction_tokens += other.accepted_prediction_tokens;
    rejected_prediction_tokens += other.rejected_prediction_tokens;
    return *this;
  }
  friend Usage operator+(Usage a, const Usage& b) { return a += b; }
  friend bool operator==(const Usage&, const Usage&) = default;
};

/// Money for a million tokens, in any currency. Regular value.
struct LIAN_API TokenPrice {
  TokenPrice() = default;
  TokenPrice(double input_in, double output_in) : input(input_in), output(output_in) {}
  double of(const Usage& usage) const noexcept {
    return (static_cast<double>(usage.input_tokens) * input +
            static_cast<double>(usage.output_tokens) * output) /
           1e6;
  }
  double input = 0, output = 0;
};

}  // namespace v0
}  // namespace lian
