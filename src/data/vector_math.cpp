#include "data/vector_math.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <new>

#include "lian/core/error.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
#define LIAN_X86_KERNELS 1
#include <immintrin.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace lian {
inline namespace v0 {
namespace {

constexpr std::size_t floats_in_line = 16;  // a cache line of 64 bytes
constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::size_t block_bytes = std::size_t{8} << 20;
// `width` floats of any number times as many. One row at a time with four sums ran at the speed the
// memory is read; four rows at once, or asking for lines ahead, ran at half of it (Zen 4).
using Dot = float (*)(const float* a, const float* b, std::size_t width);

float dot_portable(const float* a, const float* b, std::size_t width) {
  float sums[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= width; i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (; i < width; ++i) sums[0] += a[i] * b[i];
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

#ifdef LIAN_X86_KERNELS
__attribute__((target("avx2,fma"))) float sum_of(__m256 v) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}

__attribute__((target("avx2,fma"))) float dot_avx2(const float* a, const float* b,
                                                   std::size_t width) {
  __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
  std::size_t i = 0;
  for (; i + 32 <= width; i += 32) {
    s0 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), s0);
    s1 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 8), _mm256_loadu_ps(b + i + 8), s1);
    s2 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 16), _mm256_loadu_ps(b + i + 16), s2);
    s3 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 24), _mm256_loadu_ps(b + i + 24), s3);
  }
  for (; i + 8 <= width; i += 8) {
    s0 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), s0);
  }
  float total = sum_of(_mm256_add_ps(_mm256_add_ps(s0, s1), _mm256_add_ps(s2, s3)));
  for (; i < width; ++i) total += a[i] * b[i];
  return total;
}

__attribute__((target("avx512f,avx2,fma"))) float dot_avx512(const float* a, const float* b,
                                                             std::size_t width) {
  __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
  std::size_t i = 0;
  for (; i + 64 <= width; i += 64) {
    s0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), s0);
    s1 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(b + i + 16), s1);
    s2 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 32), _mm512_loadu_ps(b + i + 32), s2);
    s3 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 48), _mm512_loadu_ps(b + i + 48), s3);
  }
  for (; i + 16 <= width; i += 16) {
    s0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), s0);
  }
  alignas(64) float lanes[16];
  _mm512_store_ps(lanes, _mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)));
  float total = sum_of(_mm256_add_ps(_mm256_load_ps(lanes), _mm256_load_ps(lanes + 8)));
  for (; i < width; ++i) total += a[i] * b[i];
  return total;
}
#endif

Dot function_of(VectorKernel kernel) noexcept {
#ifdef LIAN_X86_KERNELS
  if (kernel == VectorKernel::avx512) return dot_avx512;
  if (kernel == VectorKernel::avx2) return dot_avx2;
#else
  static_cast<void>(kernel);
#endif
  return dot_portable;
}

std::size_t padded(std::size_t floats) {
  return (floats + floats_in_line - 1) / floats_in_line * floats_in_line;
}

bool better(const RowScore& a, const RowScore& b) {
  return a.score > b.score || (a.score == b.score && a.row < b.row);
}

// The best k seen so far; the worst of them on top of a heap.
class Best {
 public:
  explicit Best(std::size_t k) : k_(k) { heap_.reserve(k); }

  void offer(float score, std::size_t row) {
    if (heap_.size() == k_ && !(score > heap_.front().score)) return;
    const RowScore candidate{score, static_cast<std::uint32_t>(row)};
    if (heap_.size() == k_) {
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.back() = candidate;
    } else {
      heap_.push_back(candidate);
    }
    std::push_heap(heap_.begin(), heap_.end(), better);
  }

  std::vector<RowScore> sorted() && {
    std::sort_heap(heap_.begin(), heap_.end(), better);
    return std::move(heap_);
  }

 private:
  std::size_t k_;
  std::vector<RowScore> heap_;
};

}  // namespace

VectorKernel best_vector_kernel() noexcept {
#ifdef LIAN_X86_KERNELS
  static const VectorKernel best = [] {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
      return VectorKernel::portable;
    }
    return __builtin_cpu_supports("avx512f") ? VectorKernel::avx512 : VectorKernel::avx2;
  }();
  return best;
#else
  return VectorKernel::portable;
#endif
}

float dot_product(std::span<const float> a, std::span<const float> b,
                  VectorKernel kernel) noexcept {
  return function_of(kernel)(a.data(), b.data(), std::min(a.size(), b.size()));
}

void normalise(std::span<const float> vector, std::span<float> out, std::string_view what) {
  double squares = 0;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    if (!std::isfinite(vector[i])) {
      throw Error(ErrorKind::validation,
                  fmt::format("{}: component {} of the vector is {}; a vector must be made of "
                              "finite numbers, so check the embedding model that made it",
                              what, i, vector[i]));
    }
    squares += static_cast<double>(vector[i]) * static_cast<double>(vector[i]);
  }
  const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    out[i] = static_cast<float>(static_cast<double>(vector[i]) * scale);
  }
}

void VectorMatrix::Release::operator()(float* block) const noexcept {
  ::operator delete[](block, std::align_val_t(huge_page));
}

VectorMatrix::VectorMatrix(std::size_t dimension)
    : dimension_(dimension), stride_(padded(std::max<std::size_t>(dimension, 1))) {
  const std::size_t rows = std::max<std::size_t>(block_bytes / (stride_ * sizeof(float)), 4);
  shift_ = static_cast<std::size_t>(std::bit_width(rows)) - 1;
}

VectorMatrix::VectorMatrix(VectorMatrix&&) noexcept = default;
VectorMatrix& VectorMatrix::operator=(VectorMatrix&&) noexcept = default;
VectorMatrix::~VectorMatrix() = default;

std::span<const float> VectorMatrix::row(std::size_t index) const noexcept {
  return {at(index), dimension_};
}

std::span<float> VectorMatrix::mutable_row(std::size_t index) noexcept {
  return {at(index), dimension_};
}

std::span<float> VectorMatrix::append() {
  if (size_ == blocks_.size() << shift_) {
    const std::size_t floats = stride_ << shift_;
    auto* memory =
        static_cast<float*>(::operator new[](floats * sizeof(float), std::align_val_t(huge_page)));
    blocks_.push_back(Block(memory));
#if defined(__linux__)
    ::madvise(memory, floats * sizeof(float) / huge_page * huge_page, MADV_HUGEPAGE);
#endif
  }
  float* row = at(size_++);
  std::memset(row, 0, stride_ * sizeof(float));
  return {row, dimension_};
}

void VectorMatrix::remove(std::size_t index) noexcept {
  const std::size_t last = --size_;
  if (index != last) std::memcpy(at(index), at(last), stride_ * sizeof(float));
  const std::size_t blocks = (size_ + rows_in_block() - 1) >> shift_;
  if (blocks_.size() > blocks + 1) blocks_.pop_back();
}

void VectorMatrix::clear() noexcept {
  size_ = 0;
  blocks_.clear();
}

std::vector<RowScore> VectorMatrix::top_k(std::span<const float> query, std::size_t k,
                                          std::span<const std::uint8_t> allowed,
                                          VectorKernel kernel) const {
  k = std::min(k, size_);
  if (k == 0) return {};
  struct alignas(64) Line {
    float lanes[floats_in_line];
  };
  std::vector<Line> aligned(stride_ / floats_in_line, Line{});
  float* asked = aligned.front().lanes;
  std::memcpy(asked, query.data(), std::min(query.size(), dimension_) * sizeof(float));

  const Dot dot = function_of(kernel);
  Best best(k);
  for (std::size_t begin = 0, block = 0; begin < size_; ++block, begin += rows_in_block()) {
    const float* row = blocks_[block].get();
    const std::size_t end = std::min(begin + rows_in_block(), size_);
    for (std::size_t i = begin; i < end; ++i, row += stride_) {
      if (allowed.empty() || allowed[i] != 0) best.offer(dot(row, asked, stride_), i);
    }
  }
  return std::move(best).sorted();
}

}  // namespace v0
}  // namespace lian
