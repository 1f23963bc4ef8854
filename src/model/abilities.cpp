#include "model/abilities.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

bool Range::contains(double value) const noexcept {
  const bool above = low_open ? value > low : value >= low;
  const bool below = high_open ? value < high : value <= high;
  return above && below;
}

std::string Range::text() const {
  return fmt::format("between {}{} and {}{}", low, low_open ? " (excluded)" : "", high,
                     high_open ? " (excluded)" : "");
}

namespace {

class Fitting {
 public:
  Fitting(ChatRequest& request, const ChatAbilities& abilities, std::string_view provider,
          std::vector<std::string>& warnings)
      : request_(request),
        options_(request.options),
        abilities_(abilities),
        provider_(provider),
        lenient_(request.options.lenient()),
        warnings_(warnings) {}

  void run() {
    fit_messages();
    fit_tools();
    fit_format();
    fit_numbers();
    fit_switches();
  }

 private:
  void say(std::string sentence) { warnings_.push_back(std::move(sentence)); }

  // Refuses a feature, or leaves it out: true.
  bool leave_out(std::string_view feature) {
    const std::vector<std::string>& about = options_.lenient_about();
    if (!lenient_ && std::find(about.begin(), about.end(), feature) == about.end())
      throw UnsupportedError(
          fmt::format("{} does not take {}; leave it out, or set ChatOptions().lenient(true) to "
                      "have it left out; nothing was sent",
                      provider_, feature),
          std::string(feature));
    say(fmt::format("{} does not take {}: it was left out", provider_, feature));
    return true;
  }

  void setting(bool is_set, bool offered, std::string_view name) {
    if (is_set && !offered && leave_out(name)) options_.unset(name);
  }

  void fit_messages() {
    for (Message& message : request_.messages) {
      std::erase_if(message.parts, [this](const Part& part) { return part_left_out(part); });
    }
    const auto drops = [this](const Message& message) {
      const bool is_system = message.role == Role::system || message.role == Role::developer;
      return is_system && !abilities_.system && leave_out("system messages");
    };
    std::erase_if(request_.messages, drops);
  }

  bool part_left_out(const Part& part) {
    if (std::holds_alternative<ImagePart>(part)) return !abilities_.images && leave_out("images");
    if (std::holds_alternative<AudioPart>(part)) return !abilities_.audio && leave_out("audio");
    if (std::holds_alternative<FilePart>(part)) return !abilities_.files && leave_out("files");
    return false;
  }

  void fit_tools() {
    setting(!options_.tools().empty(), abilities_.tools, "tools");
    if (options_.tool_choice()) fit_tool_choice(options_.tool_choice()->mode());
    // Without the switch the vendor does what it does: asking for that needs no switch.
    if (options_.parallel_tool_calls() == abilities_.several_tool_calls &&
        !abilities_.parallel_tool_calls)
      options_.unset("parallel_tool_calls");
    setting(options_.parallel_tool_calls().has_value(), abilities_.parallel_tool_calls,
            "parallel_tool_calls");
  }

  void fit_tool_choice(ToolChoice::Mode mode) {
    using Mode = ToolChoice::Mode;
    const bool offered = mode == Mode::automatic ||
                         (mode == Mode::none && abilities_.tool_choice_none) ||
                         (mode == Mode::required && abilities_.tool_choice_required) ||
                         (mode == Mode::named && abilities_.tool_choice_named);
    if (offered) return;
    // No call is wanted: a request without tools says the same.
    if (mode == Mode::none) {
      options_.unset("tools");
      say(fmt::format("{} has no tool_choice none: the tools were left out", provider_));
      return;
    }
    leave_out(mode == Mode::required ? "tool_choice required" : "tool_choice of one tool");
    options_.unset("tool_choice");
  }

  void fit_format() {
    if (!options_.response_format()) return;
    using Kind = ResponseFormat::Kind;
    const Kind kind = options_.response_format()->kind();
    if (kind == Kind::json_schema && !abilities_.json_schema) {
      leave_out("response_format of a JSON schema");
      if (abilities_.json_object)
        options_.response_format(ResponseFormat::json_object());
      else
        options_.unset("response_format");
    }
    if (kind == Kind::json_object && !abilities_.json_object) {
      leave_out("response_format json_object");
      options_.unset("response_format");
    }
  }

  // The value to send; `least` is what 0 becomes where the range leaves it out.
  double moved(std::string_view name, double value, const Range& range, double least) {
    if (range.contains(value)) return value;
    if (value == 0 && least > 0 && range.contains(least)) {
      say(fmt::format("{} takes no {} of 0: {} was sent", provider_, name, least));
      return least;
    }
    if (!lenient_ || !std::isfinite(value))
      throw Error(ErrorKind::invalid_request,
                  fmt::format("{} is {} but must lie {} for {}; nothing was sent", name, value,
                              range.text(), provider_));
    const double edge = (range.high - range.low) / 100;
    const double inside = value < range.low || (range.low_open && value == range.low)
                              ? range.low + (range.low_open ? edge : 0)
                              : range.high - (range.high_open ? edge : 0);
    say(fmt::format("{} is {} but must lie {} for {}: {} was sent", name, value, range.text(),
                    provider_, inside));
    return inside;
  }

  void fit_numbers() {
    if (options_.temperature()) {
      setting(true, abilities_.temperature.has_value(), "temperature");
      if (options_.temperature())
        options_.temperature(moved("temperature", *options_.temperature(), *abilities_.temperature,
                                   abilities_.least_temperature));
    }
    if (options_.top_p()) {
      setting(true, abilities_.top_p.has_value(), "top_p");
      if (options_.top_p())
        options_.top_p(moved("top_p", *options_.top_p(), *abilities_.top_p, 0.01));
    }
    fit_alternatives();
    fit_stop();
  }

  void fit_alternatives() {
    if (!options_.n()) return;
    if (*options_.n() == 1 && abilities_.max_alternatives == 1) options_.unset("n");
    if (!options_.n()) return;
    setting(true, abilities_.max_alternatives > 1, "n");
    if (!options_.n()) return;
    const Range range(1, abilities_.max_alternatives);
    options_.n(static_cast<int>(moved("n", *options_.n(), range, 0)));
  }

  void fit_stop() {
    const std::size_t count = options_.stop().size();
    setting(count > 0, abilities_.max_stop > 0, "stop");
    const auto most = static_cast<std::size_t>(abilities_.max_stop);
    if (options_.stop().size() <= most) return;
    if (!lenient_)
      throw Error(ErrorKind::invalid_request,
                  fmt::format("stop has {} sequences but {} takes at most {}; nothing was sent",
                              count, provider_, most));
    say(fmt::format("stop has {} sequences: {} takes the first {}", count, provider_, most));
    std::vector<std::string> first(options_.stop().begin(),
                                   options_.stop().begin() + abilities_.max_stop);
    options_.stop(std::move(first));
  }

  void fit_switches() {
    setting(options_.max_tokens().has_value(), abilities_.max_tokens, "max_tokens");
    setting(options_.seed().has_value(), abilities_.seed, "seed");
    setting(options_.logprobs().value_or(false), abilities_.logprobs, "logprobs");
    setting(!options_.logit_bias().empty(), abilities_.logit_bias, "logit_bias");
    setting(!options_.user().empty(), abilities_.user, "user");
    setting(!options_.reasoning_effort().empty(), abilities_.reasoning_effort, "reasoning_effort");
    setting(options_.presence_penalty().has_value(), abilities_.presence_penalty,
            "presence_penalty");
    setting(options_.frequency_penalty().has_value(), abilities_.frequency_penalty,
            "frequency_penalty");
  }

  ChatRequest& request_;
  ChatOptions& options_;
  const ChatAbilities& abilities_;
  std::string_view provider_;
  bool lenient_;
  std::vector<std::string>& warnings_;
};

}  // namespace

ChatRequest fit(ChatRequest request, const ChatAbilities& abilities, std::string_view provider,
                std::vector<std::string>& warnings) {
  Fitting(request, abilities, provider, warnings).run();
  return request;
}

}  // namespace v0
}  // namespace lian
