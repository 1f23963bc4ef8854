#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "lian/core/export.hpp"

namespace lian {
inline namespace v0 {

/// The instruction sets the kernels are written for.
enum class VectorKernel { portable, avx2, avx512 };

/// The widest kernel this processor runs.
LIAN_API VectorKernel best_vector_kernel() noexcept;

/// Sums of products of two rows of the same length; any alignment. NaN when an input is NaN.
LIAN_API float dot_product(std::span<const float> a, std::span<const float> b,
                           VectorKernel kernel = best_vector_kernel()) noexcept;

/// The vector scaled to length 1, so that a dot product is a cosine; zeros stay zeros. The length
/// is taken in double precision: no finite input overflows. Throws Error{validation} naming `what`
/// and the position when a component is NaN or infinite.
LIAN_API void normalise(std::span<const float> vector, std::span<float> out, std::string_view what);

/// A row and how near it is.
struct RowScore {
  float score = 0;
  std::uint32_t row = 0;
  friend bool operator==(const RowScore&, const RowScore&) = default;
};

/// Rows of float32 of one width in blocks of several MiB, each row aligned to 64 bytes and padded
/// with zeros to a multiple of 16 floats. Growing never moves a row. Not thread-safe.
class LIAN_API VectorMatrix {
 public:
  explicit VectorMatrix(std::size_t dimension);
  VectorMatrix(VectorMatrix&&) noexcept;
  VectorMatrix& operator=(VectorMatrix&&) noexcept;
  ~VectorMatrix();

  std::size_t dimension() const noexcept { return dimension_; }
  std::size_t size() const noexcept { return size_; }
  std::span<const float> row(std::size_t index) const noexcept;

  /// A new last row of zeros, to be filled.
  std::span<float> append();
  std::span<float> mutable_row(std::size_t index) noexcept;
  /// Moves the last row to `index` and drops the last.
  void remove(std::size_t index) noexcept;
  void clear() noexcept;

  /// The `k` rows with the largest dot product with `query`, best first, equal ones by row; exact.
  /// `allowed`, when not empty, has one byte a row: rows with 0 are passed over.
  std::vector<RowScore> top_k(std::span<const float> query, std::size_t k,
                              std::span<const std::uint8_t> allowed = {},
                              VectorKernel kernel = best_vector_kernel()) const;

 private:
  struct Release {
    void operator()(float* block) const noexcept;
  };
  using Block = std::unique_ptr<float[], Release>;

  std::size_t rows_in_block() const noexcept { return std::size_t{1} << shift_; }
  float* at(std::size_t index) const noexcept {
    return blocks_[index >> shift_].get() + (index & (rows_in_block() - 1)) * stride_;
  }

  std::size_t dimension_, stride_;  // in floats
  std::size_t shift_;               // log2 of the rows in a block
  std::size_t size_ = 0;
  std::vector<Block> blocks_;
};

}  // namespace v0
}  // namespace lian
