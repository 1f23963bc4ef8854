// expect: a step with a message history takes ChatInput, Messages or Values
#include "lian/core/function_step.hpp"
#include "lian/memory/with_message_history.hpp"

auto chat = lian::with_message_history(lian::step([](int n) { return std::to_string(n); }),
                                       lian::ChatMessageHistory());
