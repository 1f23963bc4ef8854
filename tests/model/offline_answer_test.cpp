#include "model/offline/focus.hpp"
#include "model/offline/measure.hpp"
#include "model/offline/offline.hpp"
#include "model/offline/prompt.hpp"
#include "model/offline/sentences.hpp"
#include "model/offline/word_search.hpp"
#include "support/catch.hpp"

using namespace lian;

namespace {

std::string answer(std::string_view context, std::string_view question) {
  const std::string prompt = "Answer from the context.\n\nContext:\n" + std::string(context) +
                             "\n\nQuestion: " + std::string(question);
  return offline_answer(Messages(1, user(prompt))).text();
}

std::vector<std::string> sentences(std::string_view text) {
  std::vector<std::string> all;
  for (const Sentence& sentence : split_sentences(text)) all.emplace_back(sentence.text);
  return all;
}

using Strings = std::vector<std::string>;

constexpr std::string_view kettle =
    "[1] kettle.md\n# Kettle\n\nThe jug holds 1.7 litres. Descale it\nonce a month.\n\n"
    "[2] tent.md\n# Tent\n\nThe tent sleeps four people. It weighs 3.2 kg.";

}  // namespace

TEST_CASE("offline answer: quotes the sentence byte for byte with its source's number") {
  CHECK(answer(kettle, "How often should I descale the kettle?") ==
        "Descale it\nonce a month. [1]");
  CHECK(answer(kettle, "How many people can sleep in the tent?") ==
        "The tent sleeps four people. [2]");
}

TEST_CASE("offline answer: puts the sentence before one that begins with a pronoun") {
  CHECK(answer(kettle, "How heavy is the tent?") ==
        "The tent sleeps four people. [2]\nIt weighs 3.2 kg. [2]");
}

TEST_CASE("offline answer: answers in Chinese from Chinese documents") {
  constexpr std::string_view context =
      "[1] 考勤.md\n# 考勤制度\n\n员工每天工作八小时。病假两天以上须提供医院证明。\n\n"
      "[2] 差旅.md\n# 差旅制度\n\n餐费补贴每天120元。";
  CHECK(answer(context, "病假要什么证明？") == "病假两天以上须提供医院证明。 [1]");
  CHECK(answer(context, "出差每天的餐费补贴是多少？") == "餐费补贴每天120元。 [2]");
  CHECK(answer(context, "公司的停车场在哪里？") == "文档中没有答案。");
}

TEST_CASE("offline answer: says that the documents have no answer") {
  CHECK(answer(kettle, "Which colours does the kettle come in?") == "Not in the documents.");
  CHECK(answer(kettle, "Who invented the telephone?") == "Not in the documents.");
  CHECK(answer(kettle, "") == "Not in the documents.");
  CHECK(answer(kettle, "???") == "Not in the documents.");
}

TEST_CASE("offline answer: without a context says what it is") {
  CHECK(offline_answer(Messages(1, user("Hello, who are you?"))).text() ==
        "I am lian's offline model: I can only quote from documents given in the prompt.");
  CHECK(offline_answer(Messages(1, user("你是谁？"))).text() ==
        "我是 lian 的离线模型：只能从提示词给出的文档中摘录原句。");
  CHECK(offline_answer(Messages()).text() ==
        "I am lian's offline model: I can only quote from documents given in the prompt.");
}

TEST_CASE("offline answer: an empty context has no answer") {
  CHECK(answer("", "How much?") ==
        "I am lian's offline model: I can only quote from documents given in the prompt.");
}

TEST_CASE("offline answer: names model and provider") {
  const AIMessage message = offline_answer(Messages(1, user("Hello")));
  CHECK(message.role == Role::assistant);
  CHECK(message.model == "offline-extractive");
  CHECK(message.provider == "offline");
  CHECK(message.finish_reason == FinishReason::stop);
}

TEST_CASE("offline prompt: reads numbered blocks") {
  const OfflinePrompt prompt =
      read_offline_prompt(Messages(1, user("Rules.\nContext:\n[1] a.md\nOne.\n[3] not a "
                                           "block\n\n[2] b.md\nTwo.\n\nQuestion: Why?\nAnswer:")));
  CHECK(prompt.question == "Why?");
  REQUIRE(prompt.sources.size() == 2);
  CHECK(prompt.sources[0].name == "a.md");
  CHECK(prompt.sources[0].text == "One.\n[3] not a block\n\n");
  CHECK(prompt.sources[1].number == 2);
  CHECK(prompt.sources[1].text == "Two.\n\n");
}

TEST_CASE("offline prompt: a context in the system message leaves the question to the user") {
  Messages messages;
  messages.push_back(lian::system("Context:\n[1] faq.md\nQuestion: old? Answer: yes.\n"));
  messages.push_back(user("And new?"));
  const OfflinePrompt prompt = read_offline_prompt(messages);
  CHECK(prompt.question == "And new?");
  REQUIRE(prompt.sources.size() == 1);
  CHECK(prompt.sources[0].text == "Question: old? Answer: yes.\n");
}

TEST_CASE("offline prompt: the last question counts, not one inside a document") {
  const OfflinePrompt prompt = read_offline_prompt(
      Messages(1, user("Context:\n[1] faq\nQuestion: inner?\nNo.\n\nQuestion: outer?")));
  CHECK(prompt.question == "outer?");
  REQUIRE(prompt.sources.size() == 1);
  CHECK(prompt.sources[0].text == "Question: inner?\nNo.\n\n");
}

TEST_CASE("offline prompt: long text without labels is one source without a number") {
  const std::string text =
      "The observatory was opened in 1961. " + std::string(200, 'X') + ".\n\nWhen was it opened?";
  CHECK(read_offline_prompt(Messages(1, user(text))).question == "When was it opened?");
  CHECK(offline_answer(Messages(1, user(text))).text() == "The observatory was opened in 1961.");
}

TEST_CASE("offline sentences: abbreviations, decimals and initials end none") {
  CHECK(sentences("Dr. Marsh paid 3.5 EUR, e.g. for J. Smith. Nobody knew. Why? Because!") ==
        Strings{"Dr. Marsh paid 3.5 EUR, e.g. for J. Smith.", "Nobody knew.", "Why?", "Because!"});
}

TEST_CASE("offline sentences: Chinese ends at its stops with closing quotes") {
  CHECK(sentences("他说：“走吧。”然后走了！真的？是。") ==
        Strings{"他说：“走吧。”", "然后走了！", "真的？", "是。"});
}

TEST_CASE("offline sentences: lines of a paragraph join, list items and rows do not") {
  CHECK(sentences("One line\nand another.\n\n- first item\n- second\n  goes on\n2. third\n\n| a | "
                  "b |\n|---|---|\n| c | d |") == Strings{"One line\nand another.", "first item",
                                                          "second\n  goes on", "third", "| a | b |",
                                                          "| c | d |"});
}

TEST_CASE("offline sentences: headings stand over what follows") {
  const auto all = split_sentences("# Top\n\n## Sub\nText here.\n\n## Next\n\nOther text.");
  REQUIRE(all.size() == 5);
  CHECK(all[2].headings == std::vector<std::string_view>{"Top", "Sub"});
  CHECK(all[4].headings == std::vector<std::string_view>{"Top", "Next"});
  CHECK(all[3].kind == SentenceKind::heading);
}

TEST_CASE("offline sentences: code is cut by lines, fences are left out") {
  CHECK(sentences("Run:\n\n```sh\nmake. it\nls\n```\nDone now.") ==
        Strings{"Run:", "make. it", "ls", "Done now."});
}

TEST_CASE("offline sentences: bytes that are not UTF-8 do no harm") {
  for (const std::string_view text : {"\xE3\x80", "a.\xFF b\xF0\x9F", "\xE4\xB8", "。\xE3"}) {
    std::size_t total = 0;
    for (const Sentence& sentence : split_sentences(text)) total += sentence.text.size();
    CHECK(total <= text.size());
    CHECK_NOTHROW(answer("[1] a\n" + std::string(text), text));
  }
}

TEST_CASE("offline pieces: join to the answer and cut between words") {
  const std::string text = "The jug holds 1.7 litres of water. [12]\n餐费补贴每天120元。 [2]";
  std::string joined;
  const auto pieces = offline_answer_pieces(text);
  for (const std::string_view piece : pieces) {
    joined += piece;
    CHECK((static_cast<unsigned char>(piece.front()) & 0xC0) != 0x80);
    CHECK((piece.find('[') == piece.npos) == (piece.find(']') == piece.npos));
  }
  CHECK(joined == text);
  CHECK(pieces.size() > 5);
  CHECK(pieces.front() == "The jug holds ");
  CHECK(offline_answer_pieces("").empty());
}

TEST_CASE("offline answer: a number of the unit asked for answers better than another one") {
  constexpr std::string_view context =
      "[1] bees.txt\nThe colony was bought in 2016 from two brothers. It wintered on nine "
      "combs.\n\n"
      "[2] 站.txt\n第三条　志愿者两人一组。每组最多留三把钥匙，最长保留四十天。";
  CHECK(answer(context, "On how many combs did the colony winter?").find("nine combs") !=
        std::string::npos);
  CHECK(answer(context, "一组可以留几把钥匙？") == "每组最多留三把钥匙，最长保留四十天。 [2]");
  const AskedUnits keys = asked_units("可以留几把钥匙？", true);
  CHECK(counts_in(keys, "最多留三把。", " "));
  CHECK_FALSE(counts_in(keys, "把三间房打扫干净。", " "));
  const AskedUnits time = asked_units("how long does the crossing take?", false);
  CHECK(counts_in(time, "", stems_of("about twenty-five minutes")));
  CHECK(counts_in(time, "", stems_of("three working days")));
  CHECK_FALSE(counts_in(time, "", stems_of("three boats leave here every day")));
  CHECK_FALSE(asked_units("who made it?", false).any());
}

TEST_CASE("offline answer: finds the thing that a question names") {
  CHECK(asked_thing("what is the interest rate of the loan?", false) == "rate");
  CHECK(asked_thing("what colour is the door?", false) == "colour");
  CHECK(asked_thing("how much is the monthly rent?", false) == "rent");
  CHECK(asked_thing("what destroyed the bridge?", false).empty());
  CHECK(asked_thing("what is the name of the ship?", false) == "name");
  CHECK(asked_thing("who built the bridge?", false).empty());
  CHECK(asked_thing("how much water does it hold?", false).empty());
  CHECK(asked_thing("地下车库的停车费是多少？", true) == "车费");
  CHECK(asked_thing("他有几个孙子？", true) == "孙子");
  CHECK(asked_thing("为什么关门？", true).empty());
  CHECK(asked_thing("几个", true).empty());
}

TEST_CASE("offline answer: a thing that is not named is not answered by its neighbours") {
  constexpr std::string_view context =
      "[1] 厂.txt\n绿源公司每逢周三上午上门回收废液。\n\n"
      "[2] door.txt\nThe front door was hung in 1911. The porch has a bench.";
  CHECK(answer(context, "绿源公司的地址是什么？") == "文档中没有答案。");
  CHECK(answer(context, "What colour is the front door?") == "Not in the documents.");
}

TEST_CASE("offline answer: a question in the documents is no answer") {
  constexpr std::string_view context =
      "[1] faq.txt\nPeople write to us. Is the ferry free for residents? Residents ride free on it.";
  CHECK(answer(context, "Is the ferry free for residents?").find("Residents ride free on it.") == 0);
}

TEST_CASE("offline sentences: numbered sections, questions and capitals stand over what follows") {
  const std::string_view text =
      "HOUSE RULES\nFOR ALL GUESTS\n\n4. Payment\n4.1 Rent is due in March. 4.2 is void.\n"
      "4.2.1 Cash is refused.\n\n7. Is tipping customary?\nNo, never.";
  std::vector<std::string> headings;
  for (const Sentence& sentence : split_sentences(text)) {
    if (sentence.kind == SentenceKind::heading) headings.emplace_back(sentence.text);
  }
  CHECK(headings == Strings({"HOUSE RULES\nFOR ALL GUESTS", "Payment"}));
  CHECK(sentences(text)[2] == "Rent is due in March.");
  const std::vector<Sentence> asked = split_sentences("7. Is tipping customary?\n\n   No, never.");
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].kind == SentenceKind::heading);
  CHECK(asked[1].headings.size() == 1);
}
