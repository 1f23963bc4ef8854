#include <algorithm>
#include <cmath>
#include <set>

#include "model/offline/offline.hpp"
#include "model/offline/prompt.hpp"
#include "model/offline/question.hpp"
#include "model/offline/sentences.hpp"
#include "model/offline/words.hpp"

namespace lian {
inline namespace v0 {
namespace {

// Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009); a
// sentence says a word once, so that only the length is normalised.
constexpr double length_share = 0.3;
// What a term is worth that stands in the headings or in the sentence before.
constexpr double heading_rank = 0.6, heading_cover = 0.9;
constexpr double neighbour_rank = 0.25, neighbour_cover = 0.4, referred = 0.8;
constexpr double embedding_share = 1.5;
constexpr double type_rank = 0.7, type_cover = 0.65;
constexpr double name_absent = 0.5;
constexpr double least_cover = 0.52;
constexpr double runner_up = 0.85;
constexpr std::size_t most_quotes = 3;

struct Candidate {
  const OfflineSource* source;
  Sentence sentence;
  SearchableText text;
  SearchableText headings;
  bool refers = false;  // begins with a pronoun: the sentence before says of what
  bool has_previous = false;
  double score = 0, cover = 0;
};

bool begins_with_reference(std::string_view sentence) {
  constexpr std::string_view words[] = {"It ",    "They ",  "He ",   "She ",  "This ", "These ",
                                        "Those ", "That ",  "Its ",  "Their ", "His ", "Her ",
                                        "It's ",  "Then ",  "There ", "它",   "他",   "她",
                                        "其",     "这",     "该",    "此"};
  return std::any_of(std::begin(words), std::end(words),
                     [&](std::string_view word) { return sentence.starts_with(word); });
}

std::string joined(const std::vector<std::string_view>& headings, std::string_view name) {
  std::string all(name);
  for (const std::string_view heading : headings) all.append("\n").append(heading);
  return all;
}

std::vector<Candidate> read_candidates(const std::vector<OfflineSource>& sources) {
  std::vector<Candidate> candidates;
  std::set<std::string_view> seen;
  for (const OfflineSource& source : sources) {
    bool has_previous = false;
    for (Sentence& sentence : split_sentences(source.text)) {
      if (sentence.kind == SentenceKind::heading) {
        has_previous = false;
        continue;
      }
      if (!seen.insert(sentence.text).second) continue;
      const SearchableText text(sentence.text);
      const SearchableText headings(joined(sentence.headings, source.name));
      const bool refers = begins_with_reference(sentence.text);
      candidates.push_back({&source, std::move(sentence), text, headings, refers, has_previous});
      has_previous = true;
    }
  }
  return candidates;
}

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

class Ranking {
 public:
  Ranking(const Question& question, std::string_view text, std::vector<Candidate> candidates)
      : question_(question), candidates_(std::move(candidates)), asked_(offline_embedding(text)) {
    weigh_terms();
    for (std::size_t i = 0; i < candidates_.size(); ++i) rate(i);
  }

  const std::vector<Candidate>& candidates() const { return candidates_; }

  // Indices, best first.
  std::vector<std::size_t> order() const {
    std::vector<std::size_t> order(candidates_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return candidates_[a].score > candidates_[b].score;
    });
    return order;
  }

 private:
  // The weight of a term: its inverse frequency among the sentences, most when none has it.
  void weigh_terms() {
    const auto count = static_cast<double>(candidates_.size());
    double total_length = 0;
    for (const Candidate& candidate : candidates_) {
      total_length += static_cast<double>(candidate.text.length);
    }
    mean_length_ = std::max(1.0, total_length / std::max(1.0, count));
    for (const QuestionTerm& term : question_.terms) {
      double holding = 0;
      bool somewhere = false;
      for (const Candidate& candidate : candidates_) {
        if (match(term, candidate.text) > 0) ++holding;
        somewhere = somewhere || match(term, candidate.headings) > 0;
      }
      somewhere = somewhere || holding > 0;
      if (term.name && !somewhere) name_missing_ = true;
      weights_.push_back(term.weight * std::log(1 + (count - holding + 0.5) / (holding + 0.5)));
      total_weight_ += weights_.back();
    }
  }

  void rate(std::size_t index) {
    Candidate& candidate = candidates_[index];
    const Candidate* const previous = candidate.has_previous ? &candidates_[index - 1] : nullptr;
    const double own_length = static_cast<double>(candidate.text.length);
    const double length = 1 - length_share + length_share * own_length / mean_length_;
    double score = 0, cover = 0;
    for (std::size_t i = 0; i < question_.terms.size(); ++i) {
      const QuestionTerm& term = question_.terms[i];
      const double own = match(term, candidate.text);
      const double heading = match(term, candidate.headings);
      const double before = previous == nullptr ? 0 : match(term, previous->text);
      const double before_rank = candidate.refers ? referred : neighbour_rank;
      const double before_cover = candidate.refers ? referred : neighbour_cover;
      score += weights_[i] * std::max({own / std::max(0.6, length), heading * heading_rank,
                                       before * before_rank});
      cover += weights_[i] * std::max({own, heading * heading_cover, before * before_cover});
    }
    score += embedding_share * dot(asked_, offline_embedding(candidate.sentence.text));
    candidate.cover = total_weight_ > 0 ? cover / total_weight_ : 0;
    candidate.score = score;
    if (!fits(question_.type, candidate.sentence.text, candidate.text)) {
      candidate.score *= type_rank;
      candidate.cover *= type_cover;
    }
    if (name_missing_) candidate.cover *= name_absent;
  }

  const Question& question_;
  std::vector<Candidate> candidates_;
  std::vector<float> asked_;
  std::vector<double> weights_;
  double total_weight_ = 0, mean_length_ = 1;
  bool name_missing_ = false;
};

void quote(std::string& answer, const Candidate& candidate) {
  if (!answer.empty()) answer += '\n';
  answer += candidate.sentence.text;
  if (candidate.source->number != 0) {
    answer.append(" [").append(std::to_string(candidate.source->number)).append("]");
  }
}

// The best sentences; before one that begins with a pronoun the sentence it refers to.
std::string quote_best(const Ranking& ranking) {
  std::string answer;
  const std::vector<Candidate>& candidates = ranking.candidates();
  const std::vector<std::size_t> order = ranking.order();
  if (order.empty() || candidates[order[0]].cover < least_cover) return answer;
  const double best = candidates[order[0]].score;
  std::set<std::size_t> quoted;
  for (const std::size_t index : order) {
    const Candidate& candidate = candidates[index];
    if (candidate.score < best * runner_up || candidate.cover < least_cover) continue;
    if (quoted.count(index) != 0) continue;
    const bool with_previous = candidate.refers && candidate.has_previous &&
                               quoted.count(index - 1) == 0 && quoted.size() + 2 <= most_quotes;
    if (with_previous) {
      quote(answer, candidates[index - 1]);
      quoted.insert(index - 1);
    }
    quote(answer, candidate);
    quoted.insert(index);
    if (quoted.size() >= most_quotes) break;
  }
  return answer;
}

}  // namespace

std::string offline_answer_text(const Messages& messages) {
  const OfflinePrompt prompt = read_offline_prompt(messages);
  const Question question = analyse_question(prompt.question);
  if (prompt.sources.empty()) {
    return question.chinese ? "我是 lian 的离线模型：只能从提示词给出的文档中摘录原句。"
                            : "I am lian's offline model: I can only quote from documents given in "
                              "the prompt.";
  }
  const Ranking ranking(question, prompt.question, read_candidates(prompt.sources));
  std::string answer = quote_best(ranking);
  if (!answer.empty()) return answer;
  return question.chinese ? "文档中没有答案。" : "Not in the documents.";
}

AIMessage offline_answer(const Messages& messages) {
  AIMessage answer(offline_answer_text(messages));
  answer.finish_reason = FinishReason::stop;
  answer.raw_finish_reason = "stop";
  answer.model = offline_chat_name;
  answer.provider = "offline";
  return answer;
}

std::vector<std::string_view> offline_answer_pieces(std::string_view answer) {
  constexpr std::size_t words_a_piece = 3;
  std::vector<std::string_view> pieces;
  std::size_t begin = 0, units = 0;
  for (std::size_t at = 0; at < answer.size();) {
    const std::size_t length = std::min(utf8_length(answer[at]), answer.size() - at);
    const bool han = starts_with_han(answer.substr(at));
    at += length;
    const bool ends_word = answer[at - length] == ' ' || answer[at - length] == '\n';
    if (han || ends_word) ++units;
    if (units < words_a_piece || !(han || ends_word)) continue;
    pieces.push_back(answer.substr(begin, at - begin));
    begin = at;
    units = 0;
  }
  if (begin < answer.size()) pieces.push_back(answer.substr(begin));
  return pieces;
}

}  // namespace v0
}  // namespace lian
