#include "support_selftest/fetch.hpp"

namespace lian::test {

Transfer::Transfer(const std::string& url, FetchOptions options)
    : options_(std::move(options)),
      easy_(curl_easy_init(), curl_easy_cleanup),
      list_(nullptr, curl_slist_free_all) {
  for (const auto& header : options_.headers) {
    list_.reset(curl_slist_append(list_.release(), header.c_str()));
  }
  if (options_.chunked_upload) {
    list_.reset(curl_slist_append(list_.release(), "Transfer-Encoding: chunked"));
  }
  curl_easy_setopt(easy(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy(), CURLOPT_HTTPHEADER, list_.get());
  curl_easy_setopt(easy(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy(), CURLOPT_PROXY, "");
  curl_easy_setopt(easy(), CURLOPT_TIMEOUT_MS, options_.timeout_ms);
  curl_easy_setopt(easy(), CURLOPT_HEADERFUNCTION, on_head);
  curl_easy_setopt(easy(), CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy(), CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy(), CURLOPT_WRITEDATA, this);
  const bool secure = url.rfind("https:", 0) == 0;
  const long http2 = secure ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
  const long version = options_.http2 ? http2 : static_cast<long>(CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy(), CURLOPT_HTTP_VERSION, version);
  curl_easy_setopt(easy(), CURLOPT_PIPEWAIT, 1L);
  if (!options_.ca_file.empty()) {
    curl_easy_setopt(easy(), CURLOPT_CAINFO, options_.ca_file.c_str());
  }
  if (options_.post.empty()) return;
  curl_easy_setopt(easy(), CURLOPT_POSTFIELDS, options_.post.data());
  curl_easy_setopt(easy(), CURLOPT_POSTFIELDSIZE, static_cast<long>(options_.post.size()));
}

size_t Transfer::on_head(char* data, size_t size, size_t count, void* user) {
  static_cast<Transfer*>(user)->fetched_.head.append(data, size * count);
  return size * count;
}

size_t Transfer::on_body(char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.fetched_.body.append(data, size * count);
  if (transfer.options_.on_body) transfer.options_.on_body(transfer.fetched_.body);
  return size * count;
}

Fetched Transfer::finish(CURLcode code) {
  fetched_.code = code;
  curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &fetched_.status);
  curl_easy_getinfo(easy(), CURLINFO_HTTP_VERSION, &fetched_.http_version);
  return fetched_;
}

Fetched fetch(const std::string& url, FetchOptions options) {
  Transfer transfer(url, std::move(options));
  return transfer.finish(curl_easy_perform(transfer.easy()));
}

std::vector<Fetched> fetch_all(const std::vector<std::string>& urls, const FetchOptions& options) {
  std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi(curl_multi_init(),
                                                              curl_multi_cleanup);
  std::vector<std::unique_ptr<Transfer>> transfers;
  for (const auto& url : urls) {
    transfers.push_back(std::make_unique<Transfer>(url, options));
    curl_multi_add_handle(multi.get(), transfers.back()->easy());
  }
  std::vector<Fetched> results(urls.size());
  int running = 1;
  while (running > 0) {
    curl_multi_perform(multi.get(), &running);
    int queued = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &queued)) {
      for (std::size_t index = 0; index < transfers.size(); ++index) {
        if (transfers[index]->easy() != message->easy_handle) continue;
        results[index] = transfers[index]->finish(message->data.result);
      }
    }
    if (running > 0) curl_multi_poll(multi.get(), nullptr, 0, 1000, nullptr);
  }
  for (auto& transfer : transfers) curl_multi_remove_handle(multi.get(), transfer->easy());
  return results;
}

}  // namespace lian::test
