/// The bytes of a file, unpacked, in order and in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "lian/data/loader.hpp"

namespace lian {
inline namespace v0 {
namespace detail {

class ByteSource {
 public:
  virtual ~ByteSource();
  /// Reads up to `capacity` bytes; fewer only at the end, where it gives 0. Throws LoadError.
  virtual std::size_t read(char* out, std::size_t capacity) = 0;
};

/// Opens a file; a name ending in .gz is unpacked, up to `unpacked_limit` bytes. Never waits for a
/// pipe. Throws LoadError.
std::unique_ptr<ByteSource> open_bytes(const std::string& path, std::uint64_t unpacked_limit);
/// The same without unpacking.
std::unique_ptr<ByteSource> open_raw_bytes(const std::string& path);

}  // namespace detail
}  // namespace v0
}  // namespace lian
