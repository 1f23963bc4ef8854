// The ten-line program: prompt | model | parser, streamed.
#include <fmt/core.h>

#include "lian/lian.hpp"

int main() {
  auto prompt = lian::ChatPromptTemplate({lian::system("Translate into {language}."), "{text}"});
  auto chain = prompt | lian::chat_model("openai:gpt-4o-mini") | lian::StrOutputParser();
  for (std::string& piece : chain.stream({{"language", "French"}, {"text", "I love C++"}}))
    fmt::print("{}", piece);
}
