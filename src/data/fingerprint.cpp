#include "data/fingerprint.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <vector>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {
namespace {

void must(int ok) {
  if (ok != 1) throw Error(ErrorKind::config, "SHA-256 is not available in this libcrypto");
}

}  // namespace

struct Sha256::State {
  State() : context(EVP_MD_CTX_new()) { must(context != nullptr ? 1 : 0); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  must(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr));
}

Sha256::~Sha256() = default;

Sha256& Sha256::add(std::string_view bytes) {
  must(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()));
  return *this;
}

std::string Sha256::hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  must(EVP_DigestFinal_ex(state_->context, digest, &size));
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", unsigned{digest[i]});
  return hex;
}

std::string sha256_of_file(const std::string& path) {
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (!file) {
    const int code = errno;
    throw Error(code == ENOENT ? ErrorKind::not_found : ErrorKind::storage,
                fmt::format("{}: the file cannot be opened ({})", path,
                            std::generic_category().message(code)));
  }
  Sha256 hash;
  std::vector<char> buffer(std::size_t{1} << 18);
  for (;;) {
    const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get());
    hash.add({buffer.data(), count});
    if (count < buffer.size()) break;
  }
  if (std::ferror(file.get()) != 0) {
    throw Error(ErrorKind::storage, fmt::format("{}: the file cannot be read to its end", path));
  }
  return hash.hex();
}

}  // namespace v0
}  // namespace lian
