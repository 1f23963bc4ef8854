#include "examples/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <stdexcept>

namespace lian::test {
namespace {

struct Pipe {
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  }
  std::array<int, 2> ends{};
};

// Reads into `text`; closes the descriptor at the end.
void read_into(int& fd, std::string& text) {
  std::array<char, 4096> buffer;
  const ssize_t count = ::read(fd, buffer.data(), buffer.size());
  if (count > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
    return;
  }
  ::close(fd);
  fd = -1;
}

}  // namespace

Child::Child(const std::string& program, const std::vector<std::string>& arguments,
             const Environment& environment, const std::string& input) {
  std::FILE* const in = std::tmpfile();
  if (!in || std::fwrite(input.data(), 1, input.size(), in) != input.size() || std::fflush(in) != 0)
    throw std::runtime_error("no temporary file");
  std::rewind(in);
  const Pipe out, err;
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) {
    ::dup2(::fileno(in), STDIN_FILENO);
    ::dup2(out.ends[1], STDOUT_FILENO);
    ::dup2(err.ends[1], STDERR_FILENO);
    for (const auto& [name, value] : environment) {
      if (value.empty())
        ::unsetenv(name.c_str());
      else
        ::setenv(name.c_str(), value.c_str(), 1);
    }
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  std::fclose(in);
  ::close(out.ends[1]);
  ::close(err.ends[1]);
  out_ = out.ends[0];
  err_ = err.ends[0];
}

Child::~Child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (out_ >= 0) ::close(out_);
  if (err_ >= 0) ::close(err_);
}

void Child::signal(int number) const { ::kill(pid_, number); }

bool Child::read_some() {
  std::array<pollfd, 2> polls{{{out_, POLLIN, 0}, {err_, POLLIN, 0}}};
  if (out_ < 0 && err_ < 0) return false;
  if (::poll(polls.data(), polls.size(), -1) < 0) return true;  // interrupted
  if (polls[0].revents != 0) read_into(out_, finished_.out);
  if (polls[1].revents != 0) read_into(err_, finished_.err);
  return true;
}

bool Child::wait_for_output(const std::string& text) {
  while (finished_.out.find(text) == std::string::npos)
    if (!read_some()) return false;
  return true;
}

Finished Child::finish() {
  while (read_some()) continue;
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  if (WIFEXITED(status)) finished_.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) finished_.signal = WTERMSIG(status);
  return finished_;
}

}  // namespace lian::test
