// expect: a step with a message history gives text, a message, messages or Values
#include "lian/core/function_step.hpp"
#include "lian/memory/with_message_history.hpp"

auto chat = lian::with_message_history(
    lian::step([](lian::Messages messages) { return int(messages.size()); }),
    lian::ChatMessageHistory());
