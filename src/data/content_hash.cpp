#include "data/content_hash.hpp"

#include <openssl/evp.h>

#include "data/byte_source.hpp"
#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace detail {
namespace {

void require(int done) {
  if (done != 1) throw Error(ErrorKind::storage, "content hash: libcrypto cannot compute SHA-256");
}

}  // namespace

struct ContentHash::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

ContentHash::ContentHash() : state_(std::make_unique<State>()) {
  require(state_->context == nullptr ? 0 : 1);
  require(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr));
}

ContentHash::~ContentHash() = default;

void ContentHash::update(std::string_view bytes) {
  require(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()));
}

std::string ContentHash::hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  require(EVP_DigestFinal_ex(state_->context, digest, &size));
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += digits[digest[i] >> 4U];
    out += digits[digest[i] & 15U];
  }
  return out;
}

std::string content_hash(std::string_view bytes) {
  ContentHash hash;
  hash.update(bytes);
  return hash.hex();
}

std::string file_content_hash(const std::string& path) {
  const std::unique_ptr<ByteSource> bytes = open_raw_bytes(path);
  ContentHash hash;
  std::string part(1U << 16, '\0');
  while (const std::size_t got = bytes->read(part.data(), part.size())) {
    hash.update(std::string_view(part).substr(0, got));
  }
  return hash.hex();
}

}  // namespace detail
}  // namespace v0
}  // namespace lian
