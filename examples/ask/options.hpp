#pragma once

#include <cstddef>
#include <string>

/// What the command line asks for.
struct AskOptions {
  std::string folder, question;
  std::string model = "offline", embedding = "offline";
  std::string store;    ///< empty: a file of this folder's in the user's cache
  std::string ca_file;  ///< empty: the system's certificate authorities
  std::size_t top_k = 6;
  bool stream = true, json = false, rebuild = false, verbose = false;
  bool interactive() const { return question.empty() && !asked; }
  bool asked = false;  ///< a question was given, be it an empty one
};

/// Reads the command line; the folder as `notes`, not `./notes/`. Ends the program for --help, --version and mistakes.
AskOptions parse_options(int argc, char** argv);

/// The index file: `store`, or one in the user's cache made of the folder's and the model's names.
std::string store_path(const AskOptions& options);
