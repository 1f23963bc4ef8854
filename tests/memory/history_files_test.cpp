// Files of chat histories under fire: kills, several writers, full disks.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "memory/history_support.hpp"
#include "support/async.hpp"
#include "support/catch.hpp"

using namespace lian;
using namespace lian::test;

namespace {

using Handle = ChatMessageHistory;

void spin(std::chrono::microseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) continue;
}

// A child adds calls from `first` on and tells of each that is acknowledged, until it is killed.
class Adder {
 public:
  Adder(const StoreKind& kind, const std::string& path, std::size_t first) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    child_ = in_child([&] {
      ::close(ends[0]);
      const auto add = kind.work(path).add;
      for (std::size_t n = first;; ++n) {
        add("s", call_messages(n));
        if (::write(ends[1], "+", 1) != 1) return;
      }
    });
    ::close(ends[1]);
    told_ = ends[0];
  }
  // Lets `calls` more be acknowledged and a part of the next one happen; gives how many were.
  std::size_t kill_after(std::size_t calls, std::chrono::microseconds later) {
    std::size_t acknowledged = 0;
    char byte = 0;
    while (acknowledged < calls && ::read(told_, &byte, 1) == 1) ++acknowledged;
    spin(later);
    ::kill(child_, SIGKILL);
    while (::read(told_, &byte, 1) == 1) ++acknowledged;
    ::waitpid(child_, nullptr, 0);
    ::close(told_);
    return acknowledged;
  }

 private:
  pid_t child_ = -1;
  int told_ = -1;
};

}  // namespace

TEST_CASE("history files: kill -9 in the middle of adding loses nothing acknowledged") {
  std::mt19937 random(20261125);
  for (const StoreKind& kind : lasting_kinds()) {
    DYNAMIC_SECTION(kind.name) {
      const TempFolder folder;
      const std::string path = folder.path("chat");
      std::size_t stored = 0;
      for (int round = 0; round < 25; ++round) {
        Adder adder(kind, path, stored);
        const std::size_t acknowledged =
            adder.kill_after(1 + random() % 4, std::chrono::microseconds(random() % 3000));
        const std::size_t found = whole_calls(Handle(kind.open(path), "s").messages());
        INFO(round);
        CHECK(found >= stored + acknowledged);
        CHECK(found <= stored + acknowledged + 1);
        stored = found;
      }
      CHECK(stored >= 25);
    }
  }
}

TEST_CASE("history files: kill -9 in the middle of clearing leaves the other sessions whole") {
  std::mt19937 random(7);
  for (const StoreKind& kind : lasting_kinds()) {
    DYNAMIC_SECTION(kind.name) {
      const TempFolder folder;
      const std::string path = folder.path("chat");
      Handle(kind.open(path), "kept").add_messages(numbered("m", 0, 50));
      for (int round = 0; round < 15; ++round) {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        const pid_t child = in_child([&] {
          const StoreKind::Work work = kind.work(path);
          while (::write(ends[1], "+", 1) == 1) {
            work.add("gone", numbered("x", 0, 2));
            work.clear("gone");
          }
        });
        char byte = 0;
        REQUIRE(::read(ends[0], &byte, 1) == 1);
        spin(std::chrono::microseconds(random() % 12000));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        ::close(ends[0]);
        ::close(ends[1]);
        const auto store = kind.open(path);
        CHECK(Handle(store, "kept").messages() == numbered("m", 0, 50));
        const Messages rest = Handle(store, "gone").messages();
        CHECK((rest.empty() || rest == numbered("x", 0, 2)));
        Handle(store, "gone").clear();
        CHECK(store->sessions().size() == 1);
      }
      CHECK_FALSE(std::filesystem::exists(path + ".new"));
    }
  }
}

TEST_CASE("history files: two processes write one session at once") {
  constexpr std::size_t calls = 40;
  for (const StoreKind& kind : lasting_kinds()) {
    DYNAMIC_SECTION(kind.name) {
      const TempFolder folder;
      const std::string path = folder.path("chat");
      std::vector<pid_t> children;
      for (const std::string& name : {std::string("one"), std::string("two")}) {
        children.push_back(in_child([&] {
          const auto add = kind.work(path).add;
          for (std::size_t n = 0; n < calls; ++n) add("s", numbered(name, 3 * n, 3));
        }));
      }
      for (const pid_t child : children) CHECK(ended_well(child));
      const Messages all = Handle(kind.open(path), "s").messages();
      REQUIRE(all.size() == 2 * calls * 3);
      std::size_t next[2] = {0, 0};
      for (std::size_t i = 0; i < all.size(); i += 3) {
        const bool one = all[i].text().starts_with("one");
        const Messages expected = numbered(one ? "one" : "two", next[one ? 0 : 1], 3);
        CHECK(Messages(all.begin() + static_cast<std::ptrdiff_t>(i),
                       all.begin() + static_cast<std::ptrdiff_t>(i + 3)) == expected);
        next[one ? 0 : 1] += 3;
      }
    }
  }
}

TEST_CASE("history files: a disk that is full undoes the call, and the next one goes on") {
  for (const StoreKind& kind : lasting_kinds()) {
    DYNAMIC_SECTION(kind.name) {
      const TempFolder folder;
      const std::string path = folder.path("chat");
      Handle(kind.open(path), "s").add_user_message("before");
      CHECK(ended_well(in_child([&] {
        const auto add = kind.work(path).add;
        ::signal(SIGXFSZ, SIG_IGN);
        rlimit limit{};
        ::getrlimit(RLIMIT_FSIZE, &limit);
        const rlim_t unlimited = limit.rlim_cur;
        limit.rlim_cur = std::filesystem::file_size(path) + 20000;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const ErrorKind ended = kind_of([&] { add("s", {user(std::string(90000, 'x'))}); });
        if (ended != ErrorKind::storage) throw std::logic_error("the call was not refused");
        limit.rlim_cur = unlimited;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        add("s", {user("after")});
      })));
      CHECK(Handle(kind.open(path), "s").messages() == Messages{user("before"), user("after")});
    }
  }
}
