#include "model/provider/counting_chat.hpp"

#include "lian/core/utf8.hpp"
#include "model/provider/api_error.hpp"
#include "model/provider/json_text.hpp"
#include "model/provider/openai_error.hpp"

namespace lian {
inline namespace v0 {

std::string server_root(std::string_view url) {
  constexpr std::string_view version = "/v1";
  if (url.ends_with(version)) url.remove_suffix(version.size());
  return std::string(url);
}

HttpRequest CountingChatCodec::encode_count(const ChatRequest& request,
                                            const Endpoint& endpoint) const {
  std::vector<std::string> ignored;  // told when the request itself is made
  HttpRequest post = encode(request, endpoint, ignored);
  post.url = server_root(endpoint.base_url) + path_;
  return post;
}

std::int64_t CountingChatCodec::decode_count(const HttpReply& reply) const {
  const std::string body = utf8::repair(reply.body);
  const Json count = parse_or_null(body)[field_];
  if (count.is_integer()) return count.as_int();
  if (is_openai_error(body)) throw openai_error_in_reply(body, dialect());
  throw_not_json(dialect().name, body, 0, "it has no count of tokens");
}

}  // namespace v0
}  // namespace lian
