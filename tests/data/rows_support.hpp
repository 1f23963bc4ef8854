#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/memory_rows.hpp"
#include "data/sqlite/sqlite_rows.hpp"

namespace lian::test {

/// A folder that is gone at the end of the test.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A store file opened with its usual settings.
inline ConnectionSettings settings_of(const std::string& path) {
  ConnectionSettings settings;
  settings.path = path;
  settings.busy_timeout_ms = 50;
  return settings;
}

inline StoreExpectation expecting(const std::string& embedding, std::size_t dimension) {
  StoreExpectation expected;
  expected.embedding = embedding;
  expected.dimension = dimension;
  return expected;
}

VectorRecord record(const std::string& id, const std::string& text, std::vector<float> vector,
                    Values metadata = {});
VectorQuery near(std::vector<float> vector, std::size_t k = 4, Filter filter = Filter());
VectorQuery words(const std::string& text, std::size_t k = 4, Filter filter = Filter());
std::vector<std::string> ids_of(const std::vector<VectorHit>& hits);
SourceRecord source_record(const std::string& name, std::uint64_t documents,
                           const std::string& fingerprint = "f");
void write_file(const std::string& path, const std::string& bytes);
std::string read_file(const std::string& path);

}  // namespace lian::test
