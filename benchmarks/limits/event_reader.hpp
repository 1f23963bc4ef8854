#pragma once
// The least work a client can do on a streamed reply: split events, read choices[0].delta.content.

#include <simdjson.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Splits server-sent events. The bytes are copied once, which also gives simdjson its padding.
class EventSplitter {
 public:
  /// Calls `on_data(payload)` for each event; the payload has SIMDJSON_PADDING bytes behind it.
  template <class OnData>
  void feed(const char* bytes, std::size_t count, OnData&& on_data) {
    if (buffer_.size() < filled_ + count + simdjson::SIMDJSON_PADDING) {
      buffer_.resize((filled_ + count) * 2 + simdjson::SIMDJSON_PADDING);
    }
    std::memcpy(buffer_.data() + filled_, bytes, count);
    filled_ += count;
    split(on_data);
  }

 private:
  template <class OnData>
  void split(OnData& on_data) {
    const char* const begin = buffer_.data();
    const char* const end = begin + filled_;
    const char* event = begin;
    const char* line = begin;
    std::string_view data;
    bool several = false;
    while (line < end) {
      const auto left = static_cast<std::size_t>(end - line);
      const auto* stop = static_cast<const char*>(std::memchr(line, '\n', left));
      if (stop == nullptr) break;
      std::string_view text(line, static_cast<std::size_t>(stop - line));
      if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
      line = stop + 1;
      if (text.empty()) {
        if (data.data() != nullptr) on_data(data);
        data = std::string_view();
        several = false;
        event = line;
      } else if (text.size() >= 5 && std::memcmp(text.data(), "data:", 5) == 0) {
        add_line(text.substr(text.size() > 5 && text[5] == ' ' ? 6 : 5), data, several);
      }
    }
    filled_ = static_cast<std::size_t>(end - event);
    if (event != begin) std::memmove(buffer_.data(), event, filled_);
  }

  void add_line(std::string_view text, std::string_view& data, bool& several) {
    if (data.data() == nullptr) {
      data = text;
      return;
    }
    if (!several) joined_.assign(data);
    several = true;
    joined_.append("\n").append(text);
    joined_.reserve(joined_.size() + simdjson::SIMDJSON_PADDING);
    data = joined_;
  }

  std::vector<char> buffer_;
  std::size_t filled_ = 0;
  std::string joined_;
};

/// Reads the text of a chunk.
class DeltaReader {
 public:
  /// False for "[DONE]"; otherwise `text` is the delta's content, empty if it has none.
  bool read(std::string_view payload, std::string& text) {
    text.clear();
    if (payload == "[DONE]") return false;
    simdjson::ondemand::document document;
    const std::size_t capacity = payload.size() + simdjson::SIMDJSON_PADDING;
    if (parser_.iterate(payload.data(), payload.size(), capacity).get(document)) return true;
    simdjson::ondemand::array choices;
    if (document["choices"].get_array().get(choices)) return true;
    for (auto choice : choices) {
      std::string_view content;
      if (!choice["delta"]["content"].get_string().get(content)) text.assign(content);
      break;
    }
    return true;
  }

 private:
  simdjson::ondemand::parser parser_;
};

}  // namespace bench
