#pragma once

#include <string>

#include "lian/core/runnable.hpp"

namespace lian {
inline namespace v0 {

/// AIMessage in, its text out; streams piece by piece. A reply without text (a refusal, only tool
/// calls) gives "". Thread-safe.
class LIAN_API StrOutputParser : public Runnable<AIMessage, std::string> {
 public:
  StrOutputParser();
};

}  // namespace v0
}  // namespace lian
