#include "data/vector_math.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "lian/core/error.hpp"
#include "support/catch.hpp"

using lian::VectorKernel;
using lian::VectorMatrix;

namespace {

std::vector<VectorKernel> runnable_kernels() {
  std::vector<VectorKernel> kernels{VectorKernel::portable};
  if (lian::best_vector_kernel() != VectorKernel::portable) kernels.push_back(VectorKernel::avx2);
  if (lian::best_vector_kernel() == VectorKernel::avx512) kernels.push_back(VectorKernel::avx512);
  return kernels;
}

std::vector<float> random_vector(std::mt19937& generator, std::size_t width) {
  std::uniform_real_distribution<float> component(-1, 1);
  std::vector<float> vector(width);
  for (float& x : vector) x = component(generator);
  return vector;
}

double exact_dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double(a[i]) * double(b[i]);
  return sum;
}

}  // namespace

TEST_CASE("vector math: every kernel gives the product, whatever the width and the alignment") {
  std::mt19937 generator(1);
  for (const VectorKernel kernel : runnable_kernels()) {
    for (std::size_t width = 0; width <= 140; ++width) {
      const auto a = random_vector(generator, width + 3);
      const auto b = random_vector(generator, width + 1);
      const std::span<const float> x(a.data() + 3, width), y(b.data() + 1, width);
      CAPTURE(int(kernel), width);
      CHECK(double(lian::dot_product(x, y, kernel)) == Approx(exact_dot(x, y)).margin(1e-4));
    }
  }
}

TEST_CASE("vector math: top k equals a full sort, across blocks and with passed-over rows") {
  std::mt19937 generator(2);
  const std::size_t width = GENERATE(1u, 17u, 768u), rows = GENERATE(0u, 1u, 5u, 6000u);
  VectorMatrix matrix(width);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto vector = random_vector(generator, width);
    std::copy(vector.begin(), vector.end(), matrix.append().begin());
  }
  const auto query = random_vector(generator, width);
  std::vector<std::uint8_t> allowed(rows);
  for (auto& flag : allowed) flag = generator() % 3 == 0;
  for (const VectorKernel kernel : runnable_kernels()) {
    for (const bool some : {false, true}) {
      std::vector<lian::RowScore> expected;
      for (std::uint32_t i = 0; i < rows; ++i) {
        if (some && allowed[i] == 0) continue;
        expected.push_back({lian::dot_product(matrix.row(i), query, kernel), i});
      }
      std::stable_sort(expected.begin(), expected.end(),
                       [](const auto& a, const auto& b) { return a.score > b.score; });
      expected.resize(std::min<std::size_t>(expected.size(), 10));
      const auto found = some && rows > 0 ? matrix.top_k(query, 10, allowed, kernel)
                                          : matrix.top_k(query, 10, {}, kernel);
      if (some && rows == 0) continue;
      REQUIRE(found.size() == expected.size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(double(found[i].score) == Approx(double(expected[i].score)).margin(1e-5));
      }
    }
  }
}

TEST_CASE("vector math: equal scores come by row") {
  VectorMatrix matrix(2);
  for (int i = 0; i < 9; ++i) matrix.append()[0] = i % 3 == 0 ? 2.0f : 1.0f;
  const std::vector<float> query{1, 0};
  const auto found = matrix.top_k(query, 5);
  std::vector<std::uint32_t> rows;
  for (const auto& hit : found) rows.push_back(hit.row);
  CHECK(rows == std::vector<std::uint32_t>{0, 3, 6, 1, 2});
}

TEST_CASE("vector math: removing moves the last row, also over block borders") {
  VectorMatrix matrix(3);
  const std::size_t rows = 200000;
  for (std::size_t i = 0; i < rows; ++i) matrix.append()[0] = static_cast<float>(i);
  for (std::size_t i = 0; i < rows - 2; ++i) matrix.remove(0);
  CHECK(matrix.size() == 2);
  CHECK(matrix.row(0)[0] == 2.0f);
  CHECK(matrix.row(1)[0] == 1.0f);
  matrix.append()[2] = 7;
  CHECK(matrix.row(2)[0] == 0.0f);
  CHECK(matrix.row(2)[2] == 7.0f);
}

TEST_CASE("vector math: normalising survives extremes and refuses NaN and infinity") {
  std::vector<float> out(2);
  lian::normalise(std::vector<float>{3e38f, 3e38f}, out, "x");
  CHECK(double(out[0]) == Approx(std::sqrt(0.5)));
  lian::normalise(std::vector<float>{1e-42f, 0}, out, "x");
  CHECK(double(out[0]) == Approx(1));
  lian::normalise(std::vector<float>{0, 0}, out, "x");
  CHECK(out == std::vector<float>{0, 0});
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    try {
      lian::normalise(std::vector<float>{1, bad}, out, "document \"a\"");
      FAIL("accepted");
    } catch (const lian::Error& error) {
      CHECK(error.kind() == lian::ErrorKind::validation);
      CHECK(error.message().find("document \"a\": component 1") == 0);
    }
  }
}
