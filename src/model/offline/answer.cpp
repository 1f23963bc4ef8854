#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>
#include <set>
#include <utility>

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
// What a term is worth that stands not in the sentence but in the headings, in the sentence before
// (more when the sentence begins with a pronoun), or elsewhere in the paragraph.
constexpr double heading_rank = 0.6, heading_cover = 0.9;
constexpr double before_rank = 0.25, paragraph_rank = 0.15, paragraph_cover = 0.5, referred = 0.8;
// A term of the document's title says which document, not whether it has the answer.
constexpr double topic_share = 0.4;
constexpr double embedding_share = 1.5;
// A match that counts as the term itself rather than as a likeness.
constexpr double least_holding = 0.6;
constexpr double half_straddling = 0.35;
// For a sentence without what the question's type asks for: a person may be named by a role and a
// reason without "because".
constexpr double type_rank = 0.5, loose_type_rank = 0.75, type_cover = 0.65;
constexpr double name_absent = 0.5;
// For a sentence with a number of the unit asked for, and for one without.
constexpr double counted_rank = 1.15, counted_cover = 1.2, counted_before_rank = 0.4;
constexpr double uncounted_rank = 0.85, uncounted_cover = 0.9;
// For a sentence that does not name what is asked for: a salary, a colour.
constexpr double unnamed_cover = 0.45;
// A paraphrase in Chinese brings bigrams that no sentence has; they count less than a word would.
constexpr double chinese_absent = 0.5;
constexpr double least_cover = 0.52;
// What a lead on the next candidate adds to the coverage, and how much both must then come to.
constexpr double lead_cover = 0.25, least_lead = 0.49, least_chinese_lead = 0.57;
constexpr double runner_up = 0.85;
constexpr std::size_t most_quotes = 3;

struct Candidate {
  const OfflineSource* source;
  Sentence sentence;
  SearchableText text, paragraph, headings, topic;
  bool refers = false;  // begins with a pronoun: the sentence before says of what
  bool has_previous = false;
  bool suits = false;  // holds what the question asks for
  double score = 0, cover = 0;
};

bool begins_with_reference(std::string_view sentence) {
  constexpr std::string_view words[] = {"It ",    "They ", "He ",    "She ",   "This ", "These ",
                                        "Those ", "That ", "Its ",   "Their ", "His ",  "Her ",
                                        "It's ",  "Then ", "There ", "它",     "他",    "她",
                                        "其",     "这",    "该",     "此"};
  return std::any_of(std::begin(words), std::end(words),
                     [&](std::string_view word) { return sentence.starts_with(word); });
}

bool asks(std::string_view sentence) { return sentence.ends_with('?') || sentence.ends_with("？"); }

bool refers_back(std::string_view sentence) {
  const std::string_view opening = sentence.substr(0, std::min<std::size_t>(sentence.size(), 24));
  return begins_with_reference(sentence) || opening.find(" then ") != opening.npos ||
         opening.find(" that ") != opening.npos;
}

std::string joined(const std::vector<std::string_view>& headings) {
  std::string all;
  for (const std::string_view heading : headings) all.append(heading).append("\n");
  return all;
}

// "a.md (lines 3-9)" is a block of "a.md".
std::string_view document_name(const OfflineSource& source) {
  const std::string_view name = source.name;
  return name.ends_with(')') ? name.substr(0, name.rfind(" (")) : name;
}

// Documents by name: what they are about, and the headings at the end of a block, which stand over
// the block that was cut from behind them.
struct DocumentFrame {
  std::string topic;
  std::vector<std::string_view> dangling;
};

// A later block of a document does not repeat the title: the headings that open any block count.
std::map<std::string_view, DocumentFrame> frames_of(const std::vector<OfflineSource>& sources) {
  std::map<std::string_view, DocumentFrame> frames;
  for (const OfflineSource& source : sources) {
    DocumentFrame& frame = frames[document_name(source)];
    if (frame.topic.empty()) frame.topic = document_name(source);
    const std::vector<Sentence> sentences = split_sentences(source.text);
    if (sentences.empty()) continue;
    if (sentences.front().kind == SentenceKind::heading) {
      frame.topic.append("\n").append(sentences.front().text);
    }
    if (sentences.back().kind == SentenceKind::heading) {
      frame.dangling.push_back(sentences.back().text);
    }
  }
  return frames;
}

std::vector<Candidate> read_candidates(const std::vector<OfflineSource>& sources) {
  std::vector<Candidate> candidates;
  std::set<std::string_view> seen;
  const std::map<std::string_view, DocumentFrame> frames = frames_of(sources);
  for (const OfflineSource& source : sources) {
    const std::vector<Sentence> sentences = split_sentences(source.text);
    const DocumentFrame& frame = frames.at(document_name(source));
    const SearchableText topic(frame.topic);
    const char* unit = nullptr;
    for (const Sentence& sentence : sentences) {
      if (sentence.kind == SentenceKind::heading || !seen.insert(sentence.text).second) continue;
      const bool has_previous = std::exchange(unit, sentence.unit.data()) == sentence.unit.data();
      const auto& headings = sentence.headings.empty() ? frame.dangling : sentence.headings;
      candidates.push_back({&source, sentence, SearchableText(sentence.text),
                            SearchableText(sentence.unit), SearchableText(joined(headings)), topic,
                            refers_back(sentence.text), has_previous});
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
    measure();
    for (std::size_t i = 0; i < candidates_.size(); ++i) rate(i);
  }

  const std::vector<Candidate>& candidates() const { return candidates_; }

  // The candidates that cover the question, best first; else the one that stands out.
  std::vector<std::size_t> answers() const {
    std::vector<std::size_t> order(candidates_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return candidates_[a].score > candidates_[b].score;
    });
    std::vector<std::size_t> covering;
    std::copy_if(order.begin(), order.end(), std::back_inserter(covering),
                 [&](std::size_t i) { return candidates_[i].cover >= least_cover; });
    if (covering.empty() && stands_out(order)) covering.push_back(order.front());
    return covering;
  }

 private:
  void measure() {
    double total = 0;
    for (const Candidate& candidate : candidates_)
      total += static_cast<double>(candidate.text.length);
    mean_length_ = std::max(1.0, total / std::max(1.0, static_cast<double>(candidates_.size())));
    for (const QuestionTerm& term : question_.terms) weigh(term);
    forgive_straddling();
    share_characters();
  }

  // The weight of a term: its inverse frequency among the sentences, most when none has it.
  void weigh(const QuestionTerm& term) {
    double holding = 0, saying = 0;
    bool headed = false;
    for (const Candidate& candidate : candidates_) {
      const double own = match(term, candidate.text);
      if (own >= least_holding) ++holding;
      if (own >= 1) ++saying;
      headed = headed || match(term, candidate.headings) >= least_holding ||
               match(term, candidate.topic) >= least_holding;
    }
    present_.push_back(headed || holding > 0);
    if (term.name && !present_.back()) name_missing_ = true;
    const auto count = static_cast<double>(candidates_.size());
    const auto rarity = [&](double n) { return std::log(1 + (count - n + 0.5) / (n + 0.5)); };
    weights_.push_back(term.weight * (rarity(holding) + rarity(saying)) / 2);
    needs_.push_back(term.weight * rarity(saying));
  }

  // A bigram across the border of two words is no word: one that occurs nowhere is not missed for a
  // character which a bigram beside it accounts for.
  void forgive_straddling() {
    const std::vector<QuestionTerm>& terms = question_.terms;
    for (std::size_t i = 0; i < terms.size(); ++i) {
      if (present_[i]) continue;
      if (starts_with_han(terms[i].text)) needs_[i] *= chinese_absent;
      const bool left = terms[i].straddles && i > 0 && present_[i - 1];
      const bool right = i + 1 < terms.size() && terms[i + 1].straddles && present_[i + 1];
      if (left && right) needs_[i] = 0;
      if (left != right) needs_[i] *= half_straddling;
    }
  }

  // Three bigrams of one word of four characters are not three words: a character counts once.
  void share_characters() {
    const std::vector<QuestionTerm>& terms = question_.terms;
    std::vector<double> shares(terms.size(), 1);
    for (std::size_t i = 1; i < terms.size(); ++i) {
      if (!terms[i].straddles || !present_[i] || !present_[i - 1]) continue;
      shares[i] -= 0.25;
      shares[i - 1] -= 0.25;
    }
    for (std::size_t i = 0; i < shares.size(); ++i) needs_[i] *= shares[i];
  }

  void rate(std::size_t index) {
    Candidate& candidate = candidates_[index];
    const Candidate* const previous = candidate.has_previous ? &candidates_[index - 1] : nullptr;
    const double length =
        1 - length_share + length_share * static_cast<double>(candidate.text.length) / mean_length_;
    const bool counted = counts_in(question_.units, candidate.sentence.text, candidate.text.stems);
    double score = 0, cover = 0, wanted = 0;
    bool missed = false, unnamed = false;
    for (std::size_t i = 0; i < question_.terms.size(); ++i) {
      const QuestionTerm& term = question_.terms[i];
      const double own = match(term, candidate.text);
      const double topic = match(term, candidate.topic);
      const double heading = std::max(topic, match(term, candidate.headings));
      const double paragraph = match(term, candidate.paragraph);
      const double before = previous == nullptr ? 0 : match(term, previous->text);
      const double back = candidate.refers ? referred * before : 0;
      const double named = term.name ? std::max(own, topic) : 0;
      score += weights_[i] * std::max({own / std::max(0.8, length), named, heading * heading_rank,
                                       before * (counted ? counted_before_rank : before_rank),
                                       paragraph * paragraph_rank, back});
      const double weight = needs_[i] * (topic >= least_holding || term.light ? topic_share : 1);
      cover += weight * std::max({own, heading * heading_cover, paragraph * paragraph_cover, back});
      wanted += weight;
      unnamed =
          unnamed || (term.focus && !counted && std::max({own, heading, back}) < least_holding);
      missed = missed || (term.asked && std::max({own, heading, paragraph}) == 0);
    }
    score += embedding_share * dot(asked_, offline_embedding(candidate.sentence.text));
    candidate.cover = wanted > 0 ? cover / wanted : 0;
    candidate.score = score;
    const bool asking = asks(candidate.sentence.text);
    const bool fitting = !asking && fits(question_.type, question_.stems, candidate.sentence.text,
                                         candidate.text.stems);
    candidate.suits = fitting && !unnamed && !missed && (counted || !question_.units.any());
    if (!fitting) {
      const bool loose =
          question_.type == AnswerType::person || question_.type == AnswerType::reason;
      const bool strict = asking || !loose;
      candidate.score *= strict ? type_rank : loose_type_rank;
      if (strict) candidate.cover *= type_cover;
    }
    if (question_.units.any()) {
      candidate.score *= counted ? counted_rank : uncounted_rank;
      candidate.cover *= counted ? counted_cover : uncounted_cover;
    }
    if (unnamed) candidate.cover *= unnamed_cover;
    if (missed) candidate.cover *= type_cover;
    if (name_missing_) candidate.cover *= name_absent;
  }

  // Whether the first is far ahead of the next: where only the topic meets, many sentences do about
  // as well.
  bool stands_out(const std::vector<std::size_t>& order) const {
    if (order.empty() || !candidates_[order[0]].suits) return false;
    const Candidate& best = candidates_[order[0]];
    const double next = order.size() > 1 ? candidates_[order[1]].score : 0;
    const double lead = best.score > 0 ? 1 - next / best.score : 0;
    return best.cover + lead_cover * lead >= (question_.chinese ? least_chinese_lead : least_lead);
  }

  const Question& question_;
  std::vector<Candidate> candidates_;
  std::vector<float> asked_;
  std::vector<double> weights_;  // of the terms in the ranking
  std::vector<double> needs_;    // and in the coverage
  std::vector<bool> present_;
  double mean_length_ = 1;
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
  const std::vector<std::size_t> order = ranking.answers();
  if (order.empty()) return answer;
  const double best = candidates[order[0]].score;
  std::set<std::size_t> quoted;
  for (const std::size_t index : order) {
    const Candidate& candidate = candidates[index];
    if (candidate.score < best * runner_up) break;
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
