#include <bit>
#include <cmath>
#include <cstdint>

#include "model/offline/offline.hpp"
#include "support/catch.hpp"

using namespace lian;

namespace {

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

double similarity(std::string_view a, std::string_view b) {
  return dot(offline_embedding(a), offline_embedding(b));
}

// FNV-1a over the bit patterns.
std::uint64_t fingerprint(const std::vector<float>& embedding) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const float value : embedding) {
    hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 0x100000001B3;
  }
  return hash;
}

}  // namespace

TEST_CASE("offline embedding: the numbers are the same everywhere") {
  const auto english = offline_embedding("The kettle switches itself off after the water boils.");
  const auto chinese = offline_embedding("公司实行弹性工作制，午休时间为十二点到十三点三十分。");
  const auto mixed = offline_embedding("K5 Pro 说明书: descale with citric acid");
  CHECK(fingerprint(english) == 0xF93F40C209CB7754);
  CHECK(fingerprint(chinese) == 0x6B13587D093BA0D9);
  CHECK(fingerprint(mixed) == 0x0620F1DBEAD99748);
}

TEST_CASE("offline embedding: has its dimension and the length 1") {
  for (const std::string_view text :
       {"one", "水", "The quick brown fox, 42 times", "中文 and English"}) {
    const auto embedding = offline_embedding(text);
    REQUIRE(embedding.size() == offline_embedding_dimension);
    CHECK(std::abs(dot(embedding, embedding) - 1) < 1e-6);
  }
}

TEST_CASE("offline embedding: a text without letters or digits is all zeros") {
  for (const std::string_view text : {"", " \n\t", "!? --- …", "\xFF\xFE"}) {
    const auto embedding = offline_embedding(text);
    REQUIRE(embedding.size() == offline_embedding_dimension);
    CHECK(dot(embedding, embedding) == 0);
  }
}

TEST_CASE("offline embedding: a text a million bytes long keeps the length 1") {
  std::string text;
  for (int i = 0; i < 60000; ++i) text += "word" + std::to_string(i % 5000) + " 水位 the ";
  const auto embedding = offline_embedding(text);
  CHECK(std::abs(dot(embedding, embedding) - 1) < 1e-6);
}

TEST_CASE("offline embedding: forms of a word and the width of characters do not matter") {
  CHECK(similarity("Studies of heating kettles", "study of heated kettle") > 0.8);
  CHECK(similarity("ＫＥＴＴＬＥ", "kettle") > 0.999);
}

TEST_CASE("offline embedding: what is about the same thing is nearer") {
  const std::string_view question = "How often must the kettle be descaled?";
  CHECK(similarity(question, "Descale the kettle once a month.") >
        similarity(question, "The company pays for a single room.") + 0.2);
  const std::string_view frage = "病假需要什么证明？";
  CHECK(similarity(frage, "两天及以上的病假须提供医院证明。") >
        similarity(frage, "飞机限经济舱，提前七天订票。") + 0.2);
}

TEST_CASE("offline embedding: stop words weigh little") {
  CHECK(similarity("the of and kettle", "kettle") > 0.9);
  CHECK(similarity("the of and to in kettle", "the of and to in library") < 0.4);
}
