// Text in, a described struct out, printed as JSON: extract [--model NAME] [text]
#include <exception>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "lian/model/registry.hpp"
#include "lian/model/structured_output.hpp"
#include "recording_option.hpp"

namespace contacts {

struct Person {
  std::string name;
  std::optional<std::string> role, email;
};
LIAN_DESCRIBE(Person, (name, "full name"), (role, "what they do"), (email))

struct Contacts {
  std::string summary;
  std::vector<Person> people;
};
LIAN_DESCRIBE(Contacts, (summary, "one sentence on the text"), (people, "all who are named"))

}  // namespace contacts

namespace {

// Shows what deserves a line although nothing failed: retries and mended replies.
class Notices final : public lian::Handler {
 public:
  void on_event(const lian::Event& event) override {
    if (event.type == lian::EventType::warning || event.type == lian::EventType::retry)
      std::cerr << "extract: " << event.name << ": " << event.message << '\n';
  }
};

std::string extract(const std::string& model, const std::string& text,
                    const lian::Context& context) {
  const auto chain = lian::chat_model(model).with_structured_output<contacts::Contacts>();
  const contacts::Contacts found = chain.invoke(
      {lian::system("Extract what the text says of people. Invent nothing."), lian::user(text)},
      context.with_handler(std::make_shared<Notices>()));
  return lian::to_json(found).dump(2);
}

}  // namespace

int main(int argc, char** argv) {
  std::string model = "openai:gpt-4o-mini", text;
  CLI::App app("Finds the people in a text and prints them as JSON.");
  app.add_option("--model", model, "The chat model")->capture_default_str();
  app.add_option("text", text, "The text; without one, standard input");
  RecordingOption recording;
  recording.add_to(app);
  CLI11_PARSE(app, argc, argv);
  try {
    if (text.empty())
      text.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
    const std::string found = extract(model, text, recording.context(lian::Context()));
    recording.save();
    std::cout << found << '\n';
    return std::cout.flush() ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "extract: " << error.what() << '\n';
    return 1;
  }
}
