#pragma once
// Readers for the tables of tests/data.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/data.hpp"

namespace lian::test {

/// One JSON value for each line of a .jsonl file.
std::vector<nlohmann::json> read_jsonl(std::string_view name);
/// The fields of each line of a .tsv file, header lines left out, \t \n \r \0 unescaped.
std::vector<std::vector<std::string>> read_tsv(std::string_view name);

std::string unescape(std::string_view field);
/// Throws std::runtime_error on anything but pairs of hex digits.
std::string from_hex(std::string_view text);
/// Throws std::runtime_error on anything but padded standard base64.
std::string from_base64(std::string_view text);
std::string to_base64(std::string_view bytes);

}  // namespace lian::test
