#include "model/offline_ask.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "core/lexical_tokens.hpp"
#include "model/offline/offline.hpp"
#include "support/data.hpp"

namespace lian::test {
namespace {

constexpr std::size_t chunk_characters = 800;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Tags away, a blank line where a block ended; head and its style left out.
std::string plain_html(std::string html) {
  html.erase(0, html.find("<body>"));
  std::string text;
  for (std::size_t at = 0; at < html.size();) {
    if (html[at] != '<') {
      text += html[at++];
      continue;
    }
    const std::size_t end = html.find('>', at);
    const std::string tag = html.substr(at, end - at);
    if (tag.starts_with("</h") || tag.starts_with("</p") || tag.starts_with("</ul")) text += '\n';
    if (tag.starts_with("<li")) text += "- ";
    at = end + 1;
  }
  return text;
}

std::vector<std::string> paragraphs(const std::string& text) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t blank = text.find("\n\n", at);
    const std::size_t end = blank == std::string::npos ? text.size() : blank + 2;
    all.push_back(text.substr(at, end - at));
    at = end;
  }
  return all;
}

std::vector<std::string> chunk_texts(const std::string& text) {
  std::vector<std::string> chunks(1);
  for (const std::string& paragraph : paragraphs(text)) {
    if (characters(chunks.back()) + characters(paragraph) > chunk_characters &&
        !chunks.back().empty()) {
      chunks.emplace_back();
    }
    chunks.back() += paragraph;
  }
  return chunks;
}

double bm25(const AskChunk& chunk, const std::vector<AskChunk>& chunks,
            const std::vector<std::string>& query) {
  double mean = 0;
  for (const AskChunk& other : chunks) mean += static_cast<double>(other.tokens.size());
  mean /= static_cast<double>(chunks.size());
  double score = 0;
  for (const std::string& token : query) {
    const auto [first, last] = std::equal_range(chunk.tokens.begin(), chunk.tokens.end(), token);
    const auto count = static_cast<double>(last - first);
    if (count == 0) continue;
    const auto holding =
        static_cast<double>(std::count_if(chunks.begin(), chunks.end(), [&](const AskChunk& other) {
          return std::binary_search(other.tokens.begin(), other.tokens.end(), token);
        }));
    const double all = static_cast<double>(chunks.size());
    const double length = 0.25 + 0.75 * static_cast<double>(chunk.tokens.size()) / mean;
    score += std::log(1 + (all - holding + 0.5) / (holding + 0.5)) * count * 2.2 /
             (count + 1.2 * length);
  }
  return score;
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// 1 / (60 + rank) of each chunk by the scores, of those that match at all.
void add_reciprocal_ranks(const std::vector<double>& scores, std::vector<double>& ranks) {
  std::vector<std::size_t> order(scores.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  for (std::size_t i = 0; i < order.size() && scores[order[i]] > 0; ++i) {
    ranks[order[i]] += 1.0 / (61.0 + static_cast<double>(i));
  }
}

std::string collapsed(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\t';
    if (!blank)
      result += c;
    else if (!result.empty() && result.back() != ' ')
      result += ' ';
  }
  return result;
}

}  // namespace

std::vector<AskQuestion> ask_questions(std::string_view name) {
  std::istringstream lines(read_data("ask/" + std::string(name)));
  std::vector<AskQuestion> questions;
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    AskQuestion question;
    question.id = json.at("id");
    question.question = json.at("question");
    if (!json.at("file").is_null()) {
      question.file = json.at("file");
      question.sentence = json.at("sentence");
    }
    questions.push_back(std::move(question));
  }
  return questions;
}

std::vector<AskChunk> ask_chunks() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(data_path("ask/docs"))) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<AskChunk> chunks;
  for (const auto& path : paths) {
    std::string text = read_file(path);
    if (path.extension() == ".html") text = plain_html(std::move(text));
    for (std::string& chunk_text : chunk_texts(text)) {
      AskChunk chunk;
      chunk.file = path.filename().string();
      chunk.embedding = offline_embedding(chunk_text);
      chunk.tokens = lexical_tokens(chunk_text, LexicalUse::index);
      std::sort(chunk.tokens.begin(), chunk.tokens.end());
      chunk.text = std::move(chunk_text);
      chunks.push_back(std::move(chunk));
    }
  }
  return chunks;
}

AskReply ask(const std::vector<AskChunk>& chunks, std::string_view question, std::size_t top) {
  const std::vector<float> embedding = offline_embedding(question);
  const std::vector<std::string> tokens = lexical_tokens(question, LexicalUse::query);
  std::vector<double> lexical, similar, ranks(chunks.size());
  for (const AskChunk& chunk : chunks) {
    lexical.push_back(bm25(chunk, chunks, tokens));
    similar.push_back(cosine(chunk.embedding, embedding));
  }
  add_reciprocal_ranks(lexical, ranks);
  add_reciprocal_ranks(similar, ranks);
  std::multimap<double, std::size_t, std::greater<>> best;
  for (std::size_t i = 0; i < chunks.size(); ++i) best.emplace(ranks[i], i);
  AskReply reply;
  std::string prompt = "Answer from the context.\n\nContext:\n";
  for (const auto& [rank, index] : best) {
    if (reply.files.size() == top) break;
    reply.files.push_back(chunks[index].file);
    prompt += "[" + std::to_string(reply.files.size()) + "] " + chunks[index].file + "\n" +
              chunks[index].text + "\n\n";
  }
  prompt += "Question: " + std::string(question);
  reply.answer = offline_answer(Messages(1, user(prompt))).text();
  return reply;
}

bool is_right(const AskQuestion& question, const AskReply& reply) {
  if (question.file.empty()) {
    return reply.answer == "Not in the documents." || reply.answer == "文档中没有答案。";
  }
  const std::string answer = collapsed(reply.answer);
  const std::size_t at = answer.find(collapsed(question.sentence));
  if (at == std::string::npos) return false;
  const std::size_t mark = answer.find(" [", at);
  if (mark == std::string::npos) return false;
  const auto number = static_cast<std::size_t>(std::stoul(answer.substr(mark + 2)));
  return number <= reply.files.size() && reply.files[number - 1] == question.file;
}

AskScore ask_all(std::string_view name, std::size_t top) {
  const std::vector<AskChunk> chunks = ask_chunks();
  AskScore score;
  for (const AskQuestion& question : ask_questions(name)) {
    const AskReply reply = ask(chunks, question.question, top);
    const bool right = is_right(question, reply);
    const bool none = question.file.empty();
    ++(none ? score.unanswered : score.answered);
    if (right) ++(none ? score.unanswered_right : score.answered_right);
    if (right) continue;
    score.wrong += std::to_string(question.id) + " " + question.question +
                   "\n  wanted: " + question.sentence + "\n  said: " + reply.answer + "\n";
  }
  return score;
}

}  // namespace lian::test
