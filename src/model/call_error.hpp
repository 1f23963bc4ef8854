#pragma once

#include <exception>
#include <string>

#include "model/engine.hpp"

namespace lian {
inline namespace v0 {

/// The current exception, a lian::Error, as the caller of a model is to see it: an ApiError names
/// provider, host and model, and neither an ApiError nor a ParseError shows a secret of the line or
/// the call's token, which a codec that reads a reply does not know. To be called inside a catch
/// block.
std::exception_ptr call_error(const Line& line, std::string_view model,
                              const std::string& token = {});

}  // namespace v0
}  // namespace lian
