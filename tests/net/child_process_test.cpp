#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <chrono>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "data/temp_folder.hpp"
#include "lian/core/error.hpp"
#include "net/child_process.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

namespace lian::test {
namespace {

using std::chrono::milliseconds;

ChildCommand command_of(std::string program, std::vector<std::string> arguments = {}) {
  ChildCommand command;
  command.program = std::move(program);
  command.arguments = std::move(arguments);
  command.environment = {{"PATH", "/usr/bin:/bin"}};
  return command;
}

// All that comes until the end of the stream.
std::string read_all(int descriptor) {
  std::string text;
  while (true) {
    pollfd ready{descriptor, POLLIN, 0};
    ::poll(&ready, 1, 10000);
    if (ChildProcess::read(descriptor, text) == ChildProcess::Got::end) return text;
  }
}

TEST_CASE("child process: arguments and environment go as they are, no shell sees them") {
  ChildProcess child(command_of("printf", {"%s|", "a b", "$HOME", "`id`", "; id", "*"}));
  CHECK(read_all(child.output()) == "a b|$HOME|`id`|; id|*|");
  CHECK(child.ended(milliseconds(10000)));
  CHECK(child.end_text() == "with exit status 0");

  ChildCommand bare = command_of("env");
  bare.environment.emplace_back("COLOUR", "dark blue");
  ChildProcess env(bare);
  CHECK(read_all(env.output()) == "PATH=/usr/bin:/bin\nCOLOUR=dark blue\n");
}

TEST_CASE("child process: a program is looked for in the child's PATH alone") {
  const TempFolder folder;
  const std::string script = folder.write("bin/hello", "#!/bin/sh\npwd\n");
  ::chmod(script.c_str(), 0755);
  ChildCommand command = command_of("hello");
  CHECK(kind_of([&] { ChildProcess child(command); }) == ErrorKind::not_found);
  command.environment = {{"PATH", folder.path("bin")}};
  command.folder = folder.path();
  ChildProcess child(command);
  CHECK(read_all(child.output()) == folder.path() + "\n");

  command.program = "bin/hello";  // relative to its folder
  ChildProcess relative(command);
  CHECK(read_all(relative.output()) == folder.path() + "\n");
}

TEST_CASE("child process: what cannot be started is a typed error at once") {
  const TempFolder folder;
  const std::size_t before = open_descriptors();
  const std::string plain = folder.write("plain", "echo never");
  CHECK(kind_of([&] { ChildProcess child(command_of(plain)); }) == ErrorKind::permission);
  ::chmod(plain.c_str(), 0755);  // no "#!": a shell would run it
  CHECK(kind_of([&] { ChildProcess child(command_of(plain)); }) == ErrorKind::config);
  CHECK(kind_of([] { ChildProcess child(command_of("/no/such/program")); }) ==
        ErrorKind::not_found);
  CHECK(kind_of([] { ChildProcess child(command_of("")); }) == ErrorKind::config);
  CHECK(kind_of([] { ChildProcess child(command_of(std::string("./x\0y", 5))); }) ==
        ErrorKind::config);
  CHECK(kind_of([] { ChildProcess child(command_of("env", {std::string("\0", 1)})); }) ==
        ErrorKind::config);
  ChildCommand variable = command_of("env");
  variable.environment.emplace_back("A=B", "c");
  CHECK(kind_of([&] { ChildProcess child(variable); }) == ErrorKind::config);
  ChildCommand nowhere = command_of("env");
  nowhere.folder = "/no/such/folder";
  CHECK(kind_of([&] { ChildProcess child(nowhere); }) == ErrorKind::not_found);
  CHECK(open_descriptors() == before);
  CHECK(children().empty());
}

TEST_CASE("child process: it inherits no descriptor, no blocked and no ignored signal") {
  const int open = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  sigset_t usr1, before;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &usr1, &before);
  struct sigaction ignore {
  }, kept{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &kept);

  ChildProcess fds(command_of("sh", {"-c", "ls /proc/self/fd"}));
  CHECK(read_all(fds.output()) == "0\n1\n2\n3\n");  // 3 is the folder that ls reads
  ChildProcess signals(command_of("grep", {"-E", "^Sig(Blk|Ign):", "/proc/self/status"}));
  std::istringstream masks(read_all(signals.output()));
  constexpr unsigned long long standard = 0x7fffffff;  // 32 and 33 are the C library's own
  std::string name, mask;
  int seen = 0;
  for (; masks >> name >> mask; ++seen) CHECK((std::stoull(mask, nullptr, 16) & standard) == 0);
  CHECK(seen == 2);

  sigaction(SIGPIPE, &kept, nullptr);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(open);
}

TEST_CASE("child process: how this process treats signals stays as it was") {
  struct sigaction before {
  }, after{};
  sigaction(SIGCHLD, nullptr, &before);
  ChildProcess child(command_of("true"));
  CHECK(child.ended(milliseconds(10000)));
  sigaction(SIGCHLD, nullptr, &after);
  CHECK(after.sa_handler == before.sa_handler);
  CHECK(after.sa_handler == SIG_DFL);
}

TEST_CASE("child process: writing to one that is gone is an error and raises no SIGPIPE") {
  struct sigaction action {};
  sigaction(SIGPIPE, nullptr, &action);
  REQUIRE(action.sa_handler == SIG_DFL);
  ChildProcess child(command_of("true"));
  REQUIRE(child.ended(milliseconds(10000)));
  CHECK(kind_of([&] { child.write("hello"); }) == ErrorKind::network);
}

TEST_CASE("child process: full input takes nothing and blocks nobody") {
  ChildProcess child(command_of("sleep", {"100"}));
  const std::string much(1 << 20, 'x');
  std::size_t sent = 0;
  for (int i = 0; i < 1000; ++i) sent += child.write(much);
  CHECK(sent < 100 * much.size());
  CHECK(child.write(much) == 0);
}

TEST_CASE("child process: it is asked to end, told to, and killed with its group") {
  const std::size_t before = open_descriptors();
  {
    ChildProcess polite(command_of("cat"));
    polite.end(milliseconds(10000));
    CHECK(polite.end_text() == "with exit status 0");
    ChildProcess told(command_of("sleep", {"100"}));
    told.end(milliseconds(50));
    CHECK(told.end_text() == "by signal 15");
    ChildProcess stubborn(
        command_of("sh", {"-c", "trap '' TERM; sleep 100 & echo $!; while :; do wait; done"}));
    std::string grandchild;
    while (grandchild.find('\n') == std::string::npos) {
      pollfd ready{stubborn.output(), POLLIN, 0};
      ::poll(&ready, 1, 10000);
      ChildProcess::read(stubborn.output(), grandchild);
    }
    stubborn.end(milliseconds(50));
    CHECK(stubborn.end_text() == "by signal 9");
    CHECK_FALSE(is_alive(std::stoi(grandchild)));
  }
  CHECK(open_descriptors() == before);
  CHECK(children().empty());
}

TEST_CASE("child process: destroying it kills what is left of its group, even after its end") {
  std::string grandchild;
  {
    ChildProcess child(command_of("sh", {"-c", "sleep 100 >/dev/null 2>&1 & echo $!"}));
    grandchild = read_all(child.output());
  }
  // The grandchild is init's to collect; it dies without waiting for that.
  for (int i = 0; i < 1000 && is_alive(std::stoi(grandchild)); ++i)
    std::this_thread::sleep_for(milliseconds(1));
  CHECK_FALSE(is_alive(std::stoi(grandchild)));
  CHECK(children().empty());
}

TEST_CASE("child process: a program that collects all children itself does not disturb it") {
  ChildProcess child(command_of("true"));
  CHECK(::waitpid(child.id(), nullptr, 0) == child.id());
  CHECK(child.ended(milliseconds(10000)));
  CHECK(child.end_text().empty());
  child.end(milliseconds(10));
}

}  // namespace
}  // namespace lian::test
