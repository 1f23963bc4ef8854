#pragma once
// A certificate authority and a server certificate made at run time; nothing secret is stored.

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace lian::test {

enum class Certificate {
  valid,        ///< for localhost and 127.0.0.1, signed by the test authority
  expired,      ///< the same, but its last day was yesterday
  self_signed,  ///< signed by itself, unknown to the authority
  wrong_host,   ///< signed by the authority for wrong.example
};

/// Owns the keys and a temporary folder with the authority's certificate; removes it at the end.
class Certificates {
 public:
  explicit Certificates(Certificate kind);
  ~Certificates();
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  /// PEM file of the authority, for a client to trust.
  const std::string& ca_file() const { return ca_file_; }
  /// Puts the server's certificate and key into a context.
  void install(ssl_ctx_st* context) const;

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
  std::string folder_;
  std::string ca_file_;
};

}  // namespace lian::test
