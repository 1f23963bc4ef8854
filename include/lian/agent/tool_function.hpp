/// lian/agent/tool_function.hpp: tools from C++ functions.
///
///     auto add = lian::tool("add", "adds two integers", [](int a, int b) { return a + b; },
///                           {"a", "b"});
///
/// The JSON Schema of the arguments comes from the function's parameters: bool, numbers,
/// std::string, lian::Json, std::optional, std::vector, std::variant, maps by std::string, and
/// structs and enums with LIAN_DESCRIBE. A lian::Context may be the last parameter: it is handed in
/// by the run and the model never hears of it.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "lian/agent/tool.hpp"
#include "lian/core/coroutine_warnings.hpp"
#include "lian/core/describe.hpp"
#include "lian/core/function_step.hpp"
#include "lian/core/offload.hpp"

LIAN_COROUTINES_BEGIN

namespace lian {
inline namespace v0 {

/// The name of a parameter, and what it is where the name does not say it.
struct ToolArgument {
  ToolArgument(const char* name_in, const char* description_in = "")
      : name(name_in), description(description_in) {}
  std::string name, description;
};

namespace detail {

// ---- What a function takes and gives ----

template <class R, bool is_const, class... A>
struct Signature {
  using Result = std::remove_cvref_t<R>;
  using Values = std::tuple<std::remove_cvref_t<A>...>;
  static constexpr bool known = true, callable_when_const = is_const;
  static constexpr bool any_reference = (std::is_reference_v<A> || ...);
  static constexpr bool changes_arguments =
      ((std::is_lvalue_reference_v<A> && !std::is_const_v<std::remove_reference_t<A>>) || ...);
};
struct UnknownSignature {
  using Result = std::string;
  using Values = std::tuple<>;
  static constexpr bool known = false, callable_when_const = true, any_reference = false,
                        changes_arguments = false;
};

template <class F>
struct signature_of : UnknownSignature {};
template <class F>
requires requires { &F::operator(); }
struct signature_of<F> : signature_of<decltype(&F::operator())> {};
template <class R, class... A>
struct signature_of<R (*)(A...)> : Signature<R, true, A...> {};
template <class R, class... A>
struct signature_of<R (*)(A...) noexcept> : Signature<R, true, A...> {};
template <class C, class R, class... A>
struct signature_of<R (C::*)(A...) const> : Signature<R, true, A...> {};
template <class C, class R, class... A>
struct signature_of<R (C::*)(A...) const noexcept> : Signature<R, true, A...> {};
template <class C, class R, class... A>
struct signature_of<R (C::*)(A...)> : Signature<R, false, A...> {};
template <class C, class R, class... A>
struct signature_of<R (C::*)(A...) noexcept> : Signature<R, false, A...> {};

template <class Values>
inline constexpr bool ends_with_context = false;
template <class T, class... Ts>
inline constexpr bool ends_with_context<std::tuple<T, Ts...>> =
    std::is_same_v<std::tuple_element_t<sizeof...(Ts), std::tuple<T, Ts...>>, Context>;

template <class Values, std::size_t... I>
std::tuple<std::tuple_element_t<I, Values>...> first_of(std::index_sequence<I...>);

/// What the model is to give: the parameters without a last Context.
template <class Values>
using ArgumentsOf = decltype(first_of<Values>(
    std::make_index_sequence<std::tuple_size_v<Values> - (ends_with_context<Values> ? 1 : 0)>()));

/// The first type that is not described; void when all are.
template <class Arguments>
struct UndescribedArgument {
  using type = void;
};
template <class T, class... Ts>
struct UndescribedArgument<std::tuple<T, Ts...>>
    : std::conditional_t<std::is_void_v<typename Undescribed<T>::type>,
                         UndescribedArgument<std::tuple<Ts...>>, Undescribed<T>> {};

// ---- What it gives, as a tool's answer ----

template <class T>
inline constexpr bool is_tool_text = std::is_convertible_v<T, std::string_view>;

template <class T>
consteval bool makes_output_() {
  if constexpr (std::is_void_v<T> || std::is_same_v<T, ToolOutput> || is_tool_text<T> ||
                std::is_same_v<T, std::vector<Part>>)
    return true;
  else
    return std::is_void_v<typename Undescribed<T>::type>;
}
template <class T>
inline constexpr bool makes_output = makes_output_<T>();

template <class T>
ToolOutput to_output(T value) {
  if constexpr (std::is_same_v<T, ToolOutput>) {
    return value;
  } else if constexpr (is_tool_text<T>) {
    return ToolOutput(std::string(std::string_view(value)));
  } else if constexpr (std::is_same_v<T, std::vector<Part>>) {
    return ToolOutput(std::move(value));
  } else if constexpr (std::is_same_v<T, Json>) {
    return ToolOutput(value.dump());
  } else {
    return ToolOutput(to_json(value).dump());
  }
}

/// What a function that gives nothing tells the model.
inline constexpr const char* nothing_to_say = "done";

// ---- Calling it ----

template <bool with_context, class F, class Arguments>
decltype(auto) call_tool(const F& function, Arguments& arguments, const Context& context) {
  const AmbientContext ambient(context);
  return std::apply(
      [&](auto&... argument) -> decltype(auto) {
        if constexpr (with_context)
          return function(std::move(argument)..., context);
        else
          return function(std::move(argument)...);
      },
      arguments);
}

template <bool with_context, class F, class Arguments>
ToolOutput output_of_call(const F& function, Arguments& arguments, const Context& context) {
  using R = std::remove_cvref_t<decltype(call_tool<with_context>(function, arguments, context))>;
  if constexpr (std::is_void_v<R>) {
    call_tool<with_context>(function, arguments, context);
    return ToolOutput(nothing_to_say);
  } else {
    return to_output<R>(call_tool<with_context>(function, arguments, context));
  }
}

/// A call that another thread makes; outlives the run that gave it up.
template <bool with_context, class F, class Arguments>
class ToolJob {
 public:
  ToolJob(std::shared_ptr<const F> function, Arguments arguments, Context context)
      : function_(std::move(function)),
        arguments_(std::move(arguments)),
        context_(std::move(context)) {}
  ToolOutput operator()() { return output_of_call<with_context>(*function_, arguments_, context_); }

 private:
  std::shared_ptr<const F> function_;
  Arguments arguments_;
  Context context_;
};

/// As read_described, with ToolArgumentError that calls the whole "arguments".
LIAN_API void read_arguments(const TypeInfo& type, void* arguments, const Json& json);

template <class Arguments, std::size_t I>
void* argument_address(void* arguments) noexcept {
  return &std::get<I>(*static_cast<Arguments*>(arguments));
}

/// The parameters of a function as a described struct whose members are named at run time.
template <class Arguments>
class ArgumentTable {
 public:
  explicit ArgumentTable(std::vector<ToolArgument> names) : names_(std::move(names)) {
    fill(std::make_index_sequence<std::tuple_size_v<Arguments>>());
  }
  ArgumentTable(const ArgumentTable&) = delete;
  ArgumentTable& operator=(const ArgumentTable&) = delete;
  Json schema() const { return schema_of(info_); }
  Arguments read(const Json& json) const {
    Arguments arguments{};
    read_arguments(info_, &arguments, json);
    return arguments;
  }

 private:
  template <std::size_t... I>
  void fill(std::index_sequence<I...>) {
    ((rows_[I] = MemberInfo{names_[I].name, names_[I].description,
                            &type_info<std::tuple_element_t<I, Arguments>>,
                            &argument_address<Arguments, I>}),
     ...);
    info_.kind = TypeInfo::Kind::object;
    info_.name = "arguments";
    info_.members = rows_.data();
    info_.count = rows_.size();
  }

  std::vector<ToolArgument> names_;
  std::array<MemberInfo, std::tuple_size_v<Arguments>> rows_{};
  TypeInfo info_;
};

template <class F>
class FunctionBody final : public ToolBody {
  using Values = typename signature_of<F>::Values;
  using Arguments = ArgumentsOf<Values>;
  static constexpr bool with_context = ends_with_context<Values>;
  static constexpr bool is_coroutine = is_task<typename signature_of<F>::Result>::value;

 public:
  FunctionBody(F function, std::vector<ToolArgument> names, bool blocking)
      : function_(std::make_shared<const F>(std::move(function))),
        table_(std::move(names)),
        blocking_(blocking) {}
  Json schema() const { return table_.schema(); }
  bool suspends() const noexcept override { return is_coroutine || blocking_; }

  Task<ToolOutput> run(Json json, Context context) const override {
    Arguments arguments = table_.read(json);
    if constexpr (is_coroutine) {
      auto task = call_tool<with_context>(*function_, arguments, context);
      if constexpr (std::is_same_v<decltype(task), Task<void>>) {
        co_await std::move(task);
        co_return ToolOutput(nothing_to_say);
      } else {
        auto value = co_await std::move(task);
        co_return to_output(std::move(value));
      }
    } else {
      if (!blocking_) co_return output_of_call<with_context>(*function_, arguments, context);
      ToolJob<with_context, F, Arguments> job(function_, std::move(arguments), std::move(context));
      Task<ToolOutput> working = offload(std::move(job));
      co_return co_await std::move(working);
    }
  }

 private:
  std::shared_ptr<const F> function_;
  ArgumentTable<Arguments> table_;
  bool blocking_;
};

/// Throws Error{config}: names given twice, or a coroutine that is declared to block.
LIAN_API void check_tool_arguments(std::string_view tool, const std::vector<ToolArgument>& names,
                                   bool is_coroutine, const ToolOptions& options);

// Each is true when an earlier one is false, so that a wrong program is told one thing.
template <class F>
struct ToolRules {
  using S = signature_of<F>;
  using Value = typename task_value<typename S::Result>::type;
  static constexpr bool is_coroutine = is_task<typename S::Result>::value;
  static constexpr std::size_t parameters = std::tuple_size_v<ArgumentsOf<typename S::Values>>;
  static constexpr bool plain_parameters = !S::changes_arguments;
  static constexpr bool by_value = !is_coroutine || !S::any_reference;
  static constexpr bool described =
      std::is_void_v<typename UndescribedArgument<ArgumentsOf<typename S::Values>>::type>;
  static constexpr bool valid = S::known && S::callable_when_const && plain_parameters &&
                                by_value && described && makes_output<Value>;
};

template <class F>
Tool make_tool(std::string name, std::string description, F function,
               std::vector<ToolArgument> names, const ToolOptions& options) {
  check_tool_arguments(name, names, ToolRules<F>::is_coroutine, options);
  auto body = std::make_shared<const FunctionBody<F>>(std::move(function), std::move(names),
                                                      options.blocking());
  ToolSpec spec(std::move(name), std::move(description), body->schema());
  spec.strict = options.strict();
  return Tool(std::move(spec), std::move(body), options);
}

/// What a wrong program goes on with after its sentence was said.
LIAN_API Tool no_tool();

}  // namespace detail

/// A tool from a function, lambda or coroutine: called with the arguments the model gave, in the
/// order of `names`, which are those of the parameters (an optional one may be left out). It is
/// called from several runs, so it must be callable when const, and from several threads where
/// agents run on several. A coroutine (it returns Task<T>, its parameters are values) runs on the
/// loop beside others; so does a plain function, one at a time; one that blocks is declared
/// `ToolOptions().blocking()`. It gives text, ToolOutput, std::vector<Part>, Json, nothing, or
/// anything described, which becomes JSON. Throws Error{config} as Tool's constructor does.
template <class F, std::size_t N>
Tool tool(std::string name, std::string description, F function, const ToolArgument (&names)[N],
          ToolOptions options = ToolOptions()) {
  using D = std::decay_t<F>;
  using Rules = detail::ToolRules<D>;
  static_assert(Rules::S::known,
                "lian: this is no function whose parameters are known; a tool needs a function, or "
                "a lambda without auto parameters and overloads");
  static_assert(Rules::S::callable_when_const,
                "lian: a tool is called from several runs: its function must be callable when "
                "const; drop 'mutable', or keep what changes behind a std::shared_ptr");
  static_assert(Rules::plain_parameters,
                "lian: a tool's parameters are values or const references; what it changes does "
                "not come back to the model: return it");
  static_assert(Rules::by_value,
                "lian: a coroutine takes its parameters by value: a reference would outlive what "
                "it refers to");
  static_assert(
      Rules::described,
      "lian: a parameter of this tool is of a type that is not described: write "
      "LIAN_DESCRIBE(Type, (member, \"what it is\"), …) beside it, or take bool, numbers, "
      "std::string, lian::Json, optional, vector, variant or a map by std::string");
  static_assert(detail::makes_output<typename Rules::Value>,
                "lian: a tool gives text, ToolOutput, std::vector<Part>, lian::Json, nothing, or "
                "what is described by LIAN_DESCRIBE");
  constexpr bool as_many_names = !Rules::valid || N == Rules::parameters;
  static_assert(as_many_names,
                "lian: the number of names is not the number of the function's parameters: give "
                "one name for each parameter, in order, and none for a last lian::Context");
  if constexpr (Rules::valid && as_many_names)
    return detail::make_tool<D>(std::move(name), std::move(description), std::move(function),
                                std::vector<ToolArgument>(names, names + N), options);
  else
    return detail::no_tool();
}

/// A tool whose function takes nothing, or a Context alone.
template <class F>
Tool tool(std::string name, std::string description, F function,
          ToolOptions options = ToolOptions()) {
  using D = std::decay_t<F>;
  using Rules = detail::ToolRules<D>;
  static_assert(Rules::S::known,
                "lian: this is no function whose parameters are known; a tool needs a function, or "
                "a lambda without auto parameters and overloads");
  constexpr bool takes_nothing = !Rules::S::known || Rules::parameters == 0;
  static_assert(takes_nothing,
                "lian: the number of names is not the number of the function's parameters: give "
                "one name for each parameter, in order: tool(name, description, function, {\"a\", "
                "\"b\"})");
  constexpr bool gives_output = !takes_nothing || detail::makes_output<typename Rules::Value>;
  static_assert(gives_output,
                "lian: a tool gives text, ToolOutput, std::vector<Part>, lian::Json, nothing, or "
                "what is described by LIAN_DESCRIBE");
  if constexpr (Rules::valid && takes_nothing)
    return detail::make_tool<D>(std::move(name), std::move(description), std::move(function), {},
                                options);
  else
    return detail::no_tool();
}

}  // namespace v0
}  // namespace lian

LIAN_COROUTINES_END
