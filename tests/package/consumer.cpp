// The program that every consumer project builds and runs: a chain, streamed, and errors that cross
// the library's border.
#include <lian/core/version.hpp>
#include <lian/model/output_parser.hpp>
#include <lian/model/prompt.hpp>
#include <lian/model/registry.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

bool answers() {
  const auto chain =
      lian::ChatPromptTemplate({"Context:\n[1] home.md\n{notes}\n\nQuestion: {question}"}) |
      lian::chat_model("offline") | lian::StrOutputParser();
  const lian::Values input{{"notes", "The spare key lies under the blue flower pot."},
                           {"question", "Where is the spare key?"}};
  std::string streamed;
  for (const std::string& piece : chain.stream(input)) streamed += piece;
  return streamed.find("blue flower pot") != std::string::npos && streamed == chain.invoke(input);
}

bool catches_errors_of_the_library() {
  try {
    lian::chat_model("no such provider");
  } catch (const lian::Error& error) {
    return error.kind() == lian::ErrorKind::config;
  }
  return false;
}

bool passes_errors_through_the_library() {
  const auto fail = lian::step([](std::string text) -> std::string {
    lian::ApiError error(lian::ErrorKind::server, "it broke: " + text);
    error.status = 500;
    throw error;
  });
  try {
    fail.invoke("now");
  } catch (const lian::Error& error) {
    const auto* api = dynamic_cast<const lian::ApiError*>(&error);
    return api != nullptr && api->status == 500;
  }
  return false;
}

// Is destroyed behind main: the default Runtime still serves it.
class LastCall {
 public:
  ~LastCall() {
    if (chain_.invoke(1) != 2) std::_Exit(1);
  }

 private:
  lian::Runnable<int, int> chain_ = lian::step([](int number) { return number + 1; });
};
const LastCall last_call;

}  // namespace

int main() {
  if (!answers() || !catches_errors_of_the_library() || !passes_errors_through_the_library())
    return 1;
  return std::printf("lian %s\n", lian::version()) > 0 ? 0 : 1;
}
