#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lian/core/error.hpp"
#include "lian/core/message.hpp"

namespace lian {
inline namespace v0 {

namespace detail {
[[noreturn]] LIAN_API void throw_two_pieces();
[[noreturn]] LIAN_API void throw_no_piece();
}  // namespace detail

/// Pieces of a type that does not stream: exactly one, the whole.
template <class T>
struct WholePieces {
  using piece = T;
  static constexpr bool whole = true;
  static void join(std::optional<T>& value, T&& piece) {
    if (value) detail::throw_two_pieces();
    value.emplace(std::move(piece));
  }
  static T finish(std::optional<T>&& value) {
    if (!value) detail::throw_no_piece();
    return std::move(*value);
  }
  static T split(T&& value) { return std::move(value); }
};

/// Pieces of a value that grows: each piece is the value so far, the last one counts.
template <class T>
struct ReplacedPieces {
  using piece = T;
  static constexpr bool whole = false;
  static void join(std::optional<T>& value, T&& piece) { value = std::move(piece); }
  static T finish(std::optional<T>&& value) {
    if (!value) detail::throw_no_piece();
    return std::move(*value);
  }
  static T split(T&& value) { return std::move(value); }
};

/// How a type streams: its piece type, how pieces join to the whole and how a whole becomes one
/// piece. `finish(join*(…))` of what `split` gives is the value again. Specialise for own types;
/// derive from WholePieces or ReplacedPieces where one of them fits.
template <class T>
struct Pieces : WholePieces<T> {};

/// Text streams by appending; no piece at all is empty text.
template <>
struct Pieces<std::string> {
  using piece = std::string;
  static constexpr bool whole = false;
  static void join(std::optional<std::string>& value, std::string&& piece) {
    if (value)
      *value += piece;
    else
      value.emplace(std::move(piece));
  }
  static std::string finish(std::optional<std::string>&& value) {
    return value ? std::move(*value) : std::string();
  }
  static std::string split(std::string&& value) { return std::move(value); }
};

/// Lists stream by appending; a piece is a list of the next elements.
template <class T>
struct Pieces<std::vector<T>> {
  using piece = std::vector<T>;
  static constexpr bool whole = false;
  static void join(std::optional<std::vector<T>>& value, std::vector<T>&& piece) {
    if (!value) {
      value.emplace(std::move(piece));
      return;
    }
    for (T& item : piece) value->push_back(std::move(item));
  }
  static std::vector<T> finish(std::optional<std::vector<T>>&& value) {
    return value ? std::move(*value) : std::vector<T>();
  }
  static std::vector<T> split(std::vector<T>&& value) { return std::move(value); }
};

/// A reply streams by ChatPiece.
template <>
struct Pieces<AIMessage> {
  using piece = ChatPiece;
  static constexpr bool whole = false;
  static void join(std::optional<AIMessage>& value, ChatPiece&& piece) {
    if (!value) value.emplace();
    append(*value, std::move(piece));
  }
  static AIMessage finish(std::optional<AIMessage>&& value) {
    AIMessage message = value ? std::move(*value) : AIMessage();
    lian::finish(message);
    return message;
  }
  static ChatPiece split(AIMessage&& value) { return to_piece(std::move(value)); }
};

/// Partial JSON: the last piece counts.
template <>
struct Pieces<Json> : ReplacedPieces<Json> {};

/// The piece type of T.
template <class T>
using Piece = typename Pieces<T>::piece;

}  // namespace v0
}  // namespace lian
