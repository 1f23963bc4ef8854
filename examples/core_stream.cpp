// A Stream is a sequence that comes over time: written with co_yield, read by a loop.
#include <string>
#include <utility>

#include <fmt/core.h>

#include <lian/core/runtime.hpp>
#include <lian/core/stream.hpp>

lian::Stream<std::string> words(std::string text) {
  std::string word;
  for (const char c : text) {
    if (c != ' ') {
      word += c;
      continue;
    }
    co_yield word;
    word.clear();
  }
  co_yield word;
}

lian::Stream<std::string> quoted(lian::Stream<std::string> in) {
  while (const std::string* word = co_await in.next()) co_yield '"' + *word + '"';
}

lian::Task<void> print_all(lian::Stream<std::string> stream) {
  while (const std::string* word = co_await stream.next()) fmt::print("{}\n", *word);
}

int main() { lian::block_on(print_all(quoted(words("one after another")))); }
