#pragma once

#include <string_view>

namespace lian {
inline namespace v0 {

/// What a question in lower case asks for by name: "rate" in "what is the interest rate of …", the
/// last two characters of "停车费" in "停车费是多少". A part of the question; empty when it names
/// nothing, as "what happened" does.
std::string_view asked_thing(std::string_view question, bool chinese);

}  // namespace v0
}  // namespace lian
