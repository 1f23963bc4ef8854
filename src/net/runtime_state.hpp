#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "lian/core/runtime.hpp"
#include "net/curl_multi.hpp"
#include "net/environment.hpp"
#include "net/retry_quota.hpp"
#include "net/thread_pool.hpp"
#include "net/uv_loop.hpp"

namespace lian {
inline namespace v0 {

struct Runtime::State {
  explicit State(RuntimeOptions runtime_options);

  const RuntimeOptions options;
  const ProxySettings proxies;
  std::shared_ptr<HttpTransport> transport;
  RetryQuota retry_quota;
  std::atomic<RunId> next_run;
  std::atomic<std::uint64_t> random;
  ThreadPool pool;

  std::mutex mutex;                           // guards what follows
  std::vector<std::unique_ptr<UvLoop>> idle;  // the most recently used last

  struct Started;
  std::unique_ptr<UvLoop> own;  // the loop behind fd(); its user's thread only
  std::vector<std::unique_ptr<Started>> started;
};

}  // namespace v0
}  // namespace lian
