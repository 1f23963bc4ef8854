// --record FILE and --replay FILE, for examples that talk to a provider.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "lian/testing/recording.hpp"

/// Where a program's exchanges are written to or come from; with neither, from the network.
class RecordingOption {
 public:
  void add_to(CLI::App& app) {
    auto* record = app.add_option("--record", record_, "Write all exchanges to this file");
    app.add_option("--replay", replay_, "Answer from that file, without a network")
        ->excludes(record);
  }
  /// `outer`, on the recording where one is wanted. To be called once.
  lian::Context context(const lian::Context& outer,
                        lian::RuntimeOptions options = lian::RuntimeOptions()) {
    using lian::testing::RecordingMode;
    if (!replay_.empty())
      recording_.emplace(replay_, RecordingMode::replay, std::move(options));
    else if (!record_.empty())
      recording_.emplace(record_, RecordingMode::record, std::move(options));
    return recording_ ? recording_->context(outer) : outer;
  }
  /// Writes what was recorded.
  void save() {
    if (recording_) recording_->save();
  }

 private:
  std::string record_, replay_;
  std::optional<lian::testing::Recording> recording_;
};
