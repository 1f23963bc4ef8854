// Each small example of the asynchronous core prints what it should.
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "support/catch.hpp"
#include "support/data.hpp"

namespace {

// What the program prints, and how it ended when that was badly.
std::string output_of(const std::string& program) {
  const std::string command = "'" LIAN_TEST_EXAMPLES "/" + program + "'";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run " + command);
  std::string text;
  std::array<char, 4096> bytes;
  while (const auto n = std::fread(bytes.data(), 1, bytes.size(), pipe)) text.append(bytes.data(), n);
  const int status = ::pclose(pipe);
  if (status != 0) text += "status " + std::to_string(WEXITSTATUS(status));
  return text;
}

}  // namespace

TEST_CASE("core examples: print what they should") {
  CHECK(output_of("core_task") == "stopped: 5 has no half\nhalved 3 times\n");
  CHECK(output_of("core_stream") == "\"one\"\n\"after\"\n\"another\"\n");
  CHECK(output_of("core_when_all") == "rice and soup\nthe rice is burnt\n");
  CHECK(output_of("core_when_any") == "far is not needed\nnear answered (number 1)\n");
  CHECK(output_of("core_timeout") == "fresh\ncached\n");
  CHECK(output_of("core_sleep") == "first\nsecond\nthird\n");
  CHECK(output_of("core_channel") ==
        "sent 1\nsent 2\nsent 3\nreceived line 1\nreceived line 2\nreceived line 3\n");
  CHECK(output_of("core_semaphore") == "10 visits, at most 3 at once\n");
  CHECK(output_of("core_async_mutex") == "balance 50\n");
  CHECK(output_of("core_single_flight") == "loading map\nloading list\n<map>\n<map>\n<list>\n<map>\n");
  CHECK(output_of("core_offload") == "working on another thread\n333833500 on the first thread\n");
  CHECK(output_of("core_stop_on") == "slow: cancelled: a stop was requested\n");
  CHECK(output_of("core_foreign_loop") == "3\n2\n1\nlift off\n");
}

TEST_CASE("example providers: prints the table that the docs show") {
  CHECK(lian::test::read_doc("providers.md").find(output_of("providers")) != std::string::npos);
}
