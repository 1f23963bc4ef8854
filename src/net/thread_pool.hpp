#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "lian/core/loop.hpp"
#include "lian/core/offload.hpp"

namespace lian {
inline namespace v0 {

/// Threads for work that blocks. Starts a thread when work comes and none is idle, up to a limit;
/// threads above the base number end when they have been idle for a while. Thread-safe.
class ThreadPool {
 public:
  ThreadPool(std::size_t base, std::size_t limit);
  ~ThreadPool();  // finishes what has started, drops the rest

  /// Runs `job->work()` on a thread, then posts the job to the mailbox. Called by such work itself,
  /// which blocks its thread until then, it takes that very thread when no other one is free.
  void submit(std::shared_ptr<detail::Job> job, std::shared_ptr<detail::Mailbox> mailbox);
  /// Ends the idle threads.
  void release_idle();

 private:
  struct Item {
    std::shared_ptr<detail::Job> job;
    std::shared_ptr<detail::Mailbox> mailbox;
  };
  bool add_thread();  // with the mutex held
  static void carry_out(Item item);
  void work();
  std::vector<std::thread> take_ended();

  const std::size_t base_, limit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> queue_;
  std::vector<std::thread> threads_;
  std::vector<std::thread::id> ended_;
  std::size_t idle_ = 0, running_ = 0, to_release_ = 0;
  bool stopping_ = false;
};

}  // namespace v0
}  // namespace lian
