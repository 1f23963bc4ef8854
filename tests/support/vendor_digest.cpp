#include "support/vendor_digest.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdexcept>
#include <vector>

namespace lian::test {

namespace {
const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
}  // namespace

std::string vendor_hmac_sha256(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), raw(text), text.size(), digest,
       &size);
  return std::string(reinterpret_cast<const char*>(digest), size);
}

std::string vendor_base64(std::string_view bytes) {
  std::vector<unsigned char> out(bytes.size() / 3 * 4 + 5);
  const int size = EVP_EncodeBlock(out.data(), raw(bytes), static_cast<int>(bytes.size()));
  return std::string(reinterpret_cast<const char*>(out.data()), static_cast<std::size_t>(size));
}

std::string vendor_unbase64(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (text.ends_with('=')) text.pop_back();
  const std::size_t padding = (4 - text.size() % 4) % 4;
  text.append(padding, '=');
  std::vector<unsigned char> out(text.size() / 4 * 3 + 1);
  const int size = EVP_DecodeBlock(out.data(), raw(text), static_cast<int>(text.size()));
  if (size < 0 || padding > 2) throw std::runtime_error("not base64");
  return std::string(reinterpret_cast<const char*>(out.data()),
                     static_cast<std::size_t>(size) - padding);
}

std::string vendor_unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() + 0) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace lian::test
