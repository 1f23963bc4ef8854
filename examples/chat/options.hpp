#pragma once

#include <cstdint>
#include <string>

#include "../recording_option.hpp"

/// What the command line asks for.
struct ChatOptions {
  std::string model = "offline", session = "default";
  std::string store;  ///< empty: a file in the user's data folder
  std::string system = "You are a helpful assistant. Answer in the language of the user.";
  std::string ca_file;  ///< empty: the system's certificate authorities
  std::int64_t context_tokens = 8000;
  bool verbose = false;
  RecordingOption recording;
};

/// Reads the command line. Ends the program for --help, --version and mistakes.
void parse_options(int argc, char** argv, ChatOptions& options);

/// The file of the sessions: `store`, or one in the user's data folder, which is made.
std::string store_path(const ChatOptions& options);
