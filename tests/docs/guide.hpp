#pragma once
// What the code of the guide pages finds when it runs: a provider that answers, and a folder of its
// own as the working directory.

#include <lian/lian.hpp>
#include <lian/memory/sqlite_chat_history_store.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "data/temp_folder.hpp"
#include "support/catch.hpp"
#include "support/openai_server.hpp"

namespace lian::test {

class Guide {
 public:
  Guide();
  ~Guide();
  Guide(const Guide&) = delete;
  Guide& operator=(const Guide&) = delete;

 private:
  OpenAiServer server_;
  TempFolder folder_;
  std::string before_;
};

}  // namespace lian::test
