/// A program run as a child process, its input and output in pipes.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace lian::test {

using Environment = std::vector<std::pair<std::string, std::string>>;

/// How a program ended and what it wrote.
struct Finished {
  int exit_code = -1;  ///< -1 when a signal ended it
  int signal = 0;
  std::string out, err;
};

/// Starts in the constructor; killed in the destructor if it still runs. One thread.
class Child {
 public:
  /// `environment` is set over this process's own; an empty value unsets a variable.
  Child(const std::string& program, const std::vector<std::string>& arguments,
        const Environment& environment, const std::string& input = {});
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void signal(int number) const;
  /// Reads until standard output holds `text`; false when the program ends without it.
  bool wait_for_output(const std::string& text);
  /// Waits for the end.
  Finished finish();

 private:
  /// Reads what comes; false when both pipes are at their end.
  bool read_some();

  pid_t pid_ = -1;
  int out_ = -1, err_ = -1;
  Finished finished_;
};

}  // namespace lian::test
