#include "data/rows_support.hpp"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace lian::test {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "lian-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

VectorRecord record(const std::string& id, const std::string& text, std::vector<float> vector,
                    Values metadata) {
  Document document(text, std::move(metadata));
  document.id = id;
  return VectorRecord(std::move(document), std::move(vector));
}

VectorQuery near(std::vector<float> vector, std::size_t k, Filter filter) {
  VectorQuery query;
  query.vector = std::move(vector);
  query.k = k;
  query.filter = std::move(filter);
  return query;
}

VectorQuery words(const std::string& text, std::size_t k, Filter filter) {
  VectorQuery query;
  query.text = text;
  query.k = k;
  query.filter = std::move(filter);
  return query;
}

std::vector<std::string> ids_of(const std::vector<VectorHit>& hits) {
  std::vector<std::string> ids;
  for (const auto& hit : hits) ids.push_back(hit.document.id);
  return ids;
}

SourceRecord source_record(const std::string& name, std::uint64_t documents,
                           const std::string& fingerprint) {
  SourceRecord source;
  source.state = SourceState(name, 10, 20);
  source.fingerprint = fingerprint;
  source.settings = "s";
  source.documents = documents;
  return source;
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace lian::test
