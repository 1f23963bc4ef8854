/// The files below tests/data.
#pragma once

#include <string>
#include <string_view>

namespace lian::test {

/// The path of tests/data/<name>.
std::string data_path(std::string_view name);

/// The bytes of tests/data/<name>; throws std::runtime_error when it cannot be read.
std::string read_data(std::string_view name);

/// The text of docs/<name>.
std::string read_doc(std::string_view name);

}  // namespace lian::test
