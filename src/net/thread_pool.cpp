#include "net/thread_pool.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>

#include <fmt/format.h>

namespace lian {
inline namespace v0 {

namespace {
constexpr auto idle_time = std::chrono::seconds(10);

thread_local const ThreadPool* pool_of_this_thread = nullptr;
}  // namespace

ThreadPool::ThreadPool(std::size_t base, std::size_t limit)
    : base_(std::min(base, limit)), limit_(std::max<std::size_t>(limit, 1)) {}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::submit(std::shared_ptr<detail::Job> job,
                        std::shared_ptr<detail::Mailbox> mailbox) {
  Item item{std::move(job), std::move(mailbox)};
  std::vector<std::thread> ended;
  bool here = false;
  {
    const std::lock_guard lock(mutex_);
    ended = take_ended();
    const bool all_busy = idle_ <= queue_.size();
    const bool added = all_busy && running_ < limit_ && add_thread();
    here = all_busy && !added && pool_of_this_thread == this;
    if (!here) queue_.push_back(std::move(item));
  }
  wake_.notify_one();
  for (std::thread& thread : ended) thread.join();
  if (here) carry_out(std::move(item));
}

void ThreadPool::carry_out(Item item) {
  item.job->work();
  item.mailbox->post(std::move(item.job));
}

bool ThreadPool::add_thread() {
  try {
    threads_.emplace_back([this] { work(); });
    ++running_;
    return true;
  } catch (const std::system_error& e) {
    if (running_ > 0) return false;  // the others will get to it
    throw LimitError(fmt::format("no thread for work that blocks could be started ({}); raise the "
                                 "limit on processes with 'ulimit -u'",
                                 e.what()),
                     "threads", 0);
  }
}

void ThreadPool::release_idle() {
  std::vector<std::thread> ended;
  {
    const std::lock_guard lock(mutex_);
    to_release_ = idle_;
    ended = take_ended();
  }
  wake_.notify_all();
  for (std::thread& thread : ended) thread.join();
}

std::vector<std::thread> ThreadPool::take_ended() {
  std::vector<std::thread> out;
  for (const std::thread::id id : std::exchange(ended_, {})) {
    const auto it = std::find_if(threads_.begin(), threads_.end(),
                                 [id](const std::thread& t) { return t.get_id() == id; });
    out.push_back(std::move(*it));
    threads_.erase(it);
  }
  return out;
}

void ThreadPool::work() {
  pool_of_this_thread = this;
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    const bool woken = wake_.wait_for(
        lock, idle_time, [this] { return stopping_ || to_release_ > 0 || !queue_.empty(); });
    --idle_;
    if (!queue_.empty()) {
      Item item = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      carry_out(std::move(item));
      lock.lock();
      continue;
    }
    if (stopping_) return;
    if (to_release_ > 0)
      --to_release_;
    else if (woken || running_ <= base_)
      continue;
    --running_;
    ended_.push_back(std::this_thread::get_id());
    return;
  }
}

}  // namespace v0
}  // namespace lian
