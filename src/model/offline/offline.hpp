#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lian/core/message.hpp"

namespace lian {
inline namespace v0 {

/// The offline embedding's name as stores record it, and its width. A change of the numbers is a
/// change of the name.
inline constexpr std::string_view offline_embedding_name = "offline-hash-512";
inline constexpr std::size_t offline_embedding_dimension = 512;
/// The offline chat model's name.
inline constexpr std::string_view offline_chat_name = "offline-extractive";

/// The offline embedding: stems, pairs of neighbouring words, character trigrams of words, Chinese
/// characters and their bigrams, hashed with signs into `offline_embedding_dimension` places
/// (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009), with sub-linear
/// counts and stop words weighed down, of Euclidean length 1. All zeros when the text holds no
/// letter or digit. Computed in integers and correctly rounded operations only: the same numbers on
/// every platform. Pure; linear in the text. Thread-safe.
std::vector<float> offline_embedding(std::string_view text);

/// The offline chat model: quotes the one to three sentences of the prompt's context that answer
/// the question, byte for byte, each followed by its source's number: "… [2]". Says exactly "Not in
/// the documents." (to a Chinese question "文档中没有答案。") when the context does not answer, and
/// what it is when the prompt has no context.
///
/// The context is what stands between a line "Context:" and a line that begins "Question:" (or the
/// message's end), in blocks headed "[n] name" with n counting from 1. Without such a line any text
/// beside the question counts as one source without a number. Ranks by BM25 and the offline
/// embedding. Pure. Thread-safe.
AIMessage offline_answer(const Messages& messages);

/// The text of `offline_answer`.
std::string offline_answer_text(const Messages& messages);

/// Cuts an answer into pieces of a few words (or Chinese characters) whose concatenation is the
/// answer; never inside a UTF-8 sequence, a word or a "[n]". Views into `answer`.
std::vector<std::string_view> offline_answer_pieces(std::string_view answer);

}  // namespace v0
}  // namespace lian
