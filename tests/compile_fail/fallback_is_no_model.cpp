// expect: the fallbacks of a chat model are chat models
#include "lian/model/output_parser.hpp"
#include "lian/model/registry.hpp"

auto model = lian::chat_model("offline").with_fallbacks({lian::StrOutputParser()});
