#pragma once

#include <string>
#include <string_view>

#include "lian/agent/tool.hpp"
#include "lian/core/document.hpp"
#include "lian/core/runnable.hpp"

namespace lian {
inline namespace v0 {

/// The value of an arithmetic expression: numbers (also 1e3), + - * / % and ^ (to the right,
/// binds tighter than a sign before it), parentheses, pi and e, and abs ceil cos exp floor ln log
/// (base 10) log2 max min pow round sin sqrt tan (radians). At most 1,000 bytes and 100 levels
/// deep. Nothing else is run: this is its own small parser. Throws ParseError with the byte offset,
/// Error{validation} for a division by zero, an argument outside a function's domain and a result
/// that is no finite number, LimitError for too long and too deep ones. Thread-safe.
LIAN_API double calculate(std::string_view expression);

/// The tool "calculator", which gives what `calculate` gives: whole numbers up to 2^53 without a
/// point, others in the shortest text that reads back as the same number.
LIAN_API Tool calculator_tool(ToolOptions options = ToolOptions());

/// The tool "clock": the time now, UTC, as "2026-01-31T12:00:00Z", and the day of the week.
LIAN_API Tool clock_tool(ToolOptions options = ToolOptions());

/// A retriever as a tool (LangChain's create_retriever_tool): takes {"query": text}, gives the
/// texts of what it found with their sources, numbered; the artifact is a list of the documents'
/// metadata.
LIAN_API Tool retriever_tool(Runnable<std::string, Documents> retriever, std::string name,
                             std::string description, ToolOptions options = ToolOptions());

}  // namespace v0
}  // namespace lian
