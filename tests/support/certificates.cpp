#include "support/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

namespace lian::test {
namespace {

constexpr long one_day = 24L * 60 * 60;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using X509Ptr = std::unique_ptr<X509, FreeCertificate>;

void require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("test certificate: ") + what);
}

Key make_key() {
  Key key(EVP_EC_gen("P-256"));
  require(key != nullptr, "cannot make a key");
  return key;
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  require(extension != nullptr, "cannot make an extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

struct Validity {
  long from;
  long until;
};

X509Ptr blank_certificate(EVP_PKEY* key, long serial, const char* name, Validity validity) {
  X509Ptr certificate(X509_new());
  require(certificate != nullptr, "out of memory");
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), validity.from);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), validity.until);
  X509_set_pubkey(certificate.get(), key);
  const auto* text = reinterpret_cast<const unsigned char*>(name);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0);
  return certificate;
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  require(X509_sign(certificate, issuer_key, EVP_sha256()) > 0, "cannot sign");
}

}  // namespace

struct Certificates::Keys {
  Key authority_key;
  X509Ptr authority;
  Key server_key;
  X509Ptr server;
};

Certificates::Certificates(Certificate kind) : keys_(std::make_unique<Keys>()) {
  const Validity good{-one_day, 30 * one_day};
  keys_->authority_key = make_key();
  keys_->authority = blank_certificate(keys_->authority_key.get(), 1, "Test authority", good);
  X509* authority = keys_->authority.get();
  add_extension(authority, authority, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(authority, authority, NID_key_usage, "critical,keyCertSign,cRLSign");
  sign(authority, authority, keys_->authority_key.get());

  const Validity past{-10 * one_day, -one_day};
  const bool expired = kind == Certificate::expired;
  keys_->server_key = make_key();
  keys_->server =
      blank_certificate(keys_->server_key.get(), 2, "Test server", expired ? past : good);
  const bool self_signed = kind == Certificate::self_signed;
  X509* server = keys_->server.get();
  X509* issuer = self_signed ? server : authority;
  const bool wrong_host = kind == Certificate::wrong_host;
  const char* names = wrong_host ? "DNS:wrong.example" : "DNS:localhost,IP:127.0.0.1";
  add_extension(server, issuer, NID_subject_alt_name, names);
  add_extension(server, issuer, NID_ext_key_usage, "serverAuth");
  sign(server, issuer, self_signed ? keys_->server_key.get() : keys_->authority_key.get());

  char folder[] = "/tmp/lian_test_ca_XXXXXX";
  require(mkdtemp(folder) != nullptr, "cannot make a temporary folder");
  folder_ = folder;
  ca_file_ = folder_ + "/ca.pem";
  std::FILE* file = std::fopen(ca_file_.c_str(), "w");
  require(file != nullptr, "cannot write the authority");
  const int written = PEM_write_X509(file, authority);
  std::fclose(file);
  require(written == 1, "cannot write the authority");
}

Certificates::~Certificates() {
  unlink(ca_file_.c_str());
  rmdir(folder_.c_str());
}

void Certificates::install(ssl_ctx_st* context) const {
  require(SSL_CTX_use_certificate(context, keys_->server.get()) == 1, "certificate refused");
  require(SSL_CTX_use_PrivateKey(context, keys_->server_key.get()) == 1, "key refused");
}

}  // namespace lian::test
