#include "lian/core/pieces.hpp"

namespace lian {
inline namespace v0 {
namespace detail {

void throw_two_pieces() {
  throw Error(ErrorKind::validation,
              "a step gave a second piece of a type that does not stream: specialise lian::Pieces "
              "for the type, or emit it once");
}

void throw_no_piece() {
  throw Error(ErrorKind::validation,
              "a step ended without giving a piece: its transform() must emit at least one");
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
