#include "memory/history_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "data/checksum.hpp"
#include "lian/core/error.hpp"
#include "memory/message_text.hpp"

namespace lian {
inline namespace v0 {
namespace {

constexpr std::string_view header = "{\"lian\":\"chat history\",\"version\":1}\n";
constexpr std::int64_t version = 1;
// A line is {"sum":"<16 digits>",<rest>; the sum is of the rest.
constexpr std::string_view before_sum = "{\"sum\":\"", behind_sum = "\",";
constexpr std::size_t sum_digits = 16;
constexpr std::size_t rest_begin = before_sum.size() + sum_digits + behind_sum.size();
constexpr std::string_view before_messages = ",\"messages\":";
constexpr std::uint64_t read_bytes = 1 << 20;

std::string sum_of(std::string_view rest) {
  return fmt::format("{:016x}", Checksum().add(rest).value());
}

std::string line_of(const std::string& session, const std::vector<std::string>& texts,
                    std::int64_t time_us) {
  std::string rest = fmt::format("\"session\":{},\"time_us\":{},\"count\":{}{}[",
                                 Json(session).dump(), time_us, texts.size(), before_messages);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) rest += ',';
    rest += texts[i];
  }
  rest += "]}";
  return fmt::format("{}{}{}{}\n", before_sum, sum_of(rest), behind_sum, rest);
}

bool is_whole(std::string_view line) {
  return line.size() > rest_begin && line.starts_with(before_sum) &&
         line.substr(before_sum.size(), sum_digits) == sum_of(line.substr(rest_begin));
}

Json parsed_or_null(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const ParseError&) {
    return Json();  // the caller says what is wrong, and where
  }
}

// The fields before the messages, and the messages, of a whole line. No string of JSON holds what
// stands between them: its quotes would be escaped.
Json head_of(std::string_view line) {
  const std::string_view rest = line.substr(rest_begin);
  return parsed_or_null(fmt::format("{{{}}}", rest.substr(0, rest.find(before_messages))));
}

Json messages_of(std::string_view line) {
  const std::size_t at = line.find(before_messages);
  if (at == line.npos) return Json();
  line.remove_prefix(at + before_messages.size());
  line.remove_suffix(1);
  return parsed_or_null(line);
}

// The session that the beginning of a line names, if it is there.
std::string session_of(std::string_view tail) {
  constexpr std::string_view key = "\"session\":";
  const std::size_t begin = tail.find(key);
  if (begin == tail.npos) return "a session";
  const std::string_view text = tail.substr(begin + key.size());
  for (std::size_t end = 1; end < text.size(); ++end) {
    if (text[end] == '\\')
      ++end;
    else if (text[end] == '"')
      return fmt::format("session {}", text.substr(0, end + 1));
  }
  return "a session";
}

}  // namespace

HistoryFile::HistoryFile(std::string_view path) : file_(std::string(path)) {
  const bool alone = !file_.read_only();
  const LockedFile::Lock lock(file_, alone);
  catch_up(alone);
}

void HistoryFile::damaged(std::uint64_t line, std::uint64_t offset, std::string_view how) const {
  throw Error(ErrorKind::storage,
              fmt::format("{}: the history is damaged in line {}, which begins at byte {} ({}); "
                          "restore the file from a copy, or take the line out",
                          file_.path(), line, offset, how));
}

// Reads what was written since, by this process or another one.
void HistoryFile::catch_up(bool alone) {
  if (generation_ != file_.generation()) {
    sessions_.clear();
    known_ = lines_ = tail_told_ = 0;
    generation_ = file_.generation();
  }
  const std::uint64_t size = file_.size();
  if (size < known_)
    damaged(lines_, known_, "the file has become shorter than what was read from it");
  std::string rest;
  std::size_t searched = 0;
  for (std::uint64_t at = known_; at < size;) {
    const std::uint64_t count = std::min(read_bytes, size - at);
    rest += file_.read(at, count);
    at += count;
    std::size_t begin = 0;
    for (std::size_t end = rest.find('\n', searched); end != rest.npos;
         end = rest.find('\n', begin)) {
      take_line(std::string_view(rest).substr(begin, end - begin));
      begin = end + 1;
    }
    rest.erase(0, begin);
    searched = rest.size();
  }
  if (!rest.empty()) drop_tail(rest, alone);
  if (lines_ == 0 && alone) begin_file();
}

void HistoryFile::begin_file() {
  file_.append(0, header);
  known_ = header.size();
  lines_ = 1;
}

// The end of the file was cut off: nobody writes now, so nobody will finish it.
void HistoryFile::drop_tail(std::string_view tail, bool alone) {
  if (lines_ == 0 && !header.starts_with(tail))
    throw Error(
        ErrorKind::storage,
        fmt::format("{}: this is not a chat history of lian; name another file", file_.path()));
  const std::uint64_t size = known_ + tail.size();
  if (tail_told_ != size && lines_ > 0) {
    recovered_.push_back(fmt::format(
        "{}: line {}, which begins at byte {}, is cut off after {} bytes, as by a kill "
        "while it was being written; what a call was adding to {} and had not acknowledged is lost",
        file_.path(), lines_ + 1, known_, tail.size(), session_of(tail)));
  }
  tail_told_ = size;
  if (alone) file_.cut(known_);
}

void HistoryFile::take_line(std::string_view text) {
  const std::uint64_t number = lines_ + 1;
  if (number == 1)
    check_header(text);
  else
    take_messages(text, number);
  lines_ = number;
  known_ += text.size() + 1;
}

void HistoryFile::check_header(std::string_view text) const {
  const Json first = parsed_or_null(text);
  if (first["lian"] != Json("chat history") || !first["version"].is_integer())
    throw Error(
        ErrorKind::storage,
        fmt::format("{}: this is not a chat history of lian; name another file", file_.path()));
  if (first["version"] != Json(version))
    throw Error(ErrorKind::storage,
                fmt::format("{}: the history has format {}, this version of lian reads format {}; "
                            "use the version of lian that made it",
                            file_.path(), first["version"].dump(), version));
}

void HistoryFile::take_messages(std::string_view text, std::uint64_t number) {
  if (!is_whole(text)) damaged(number, known_, "its checksum is wrong");
  const Json head = head_of(text);
  const Json name = head["session"], time = head["time_us"], count = head["count"];
  if (!name.is_string() || !time.is_integer() || !count.is_integer() || count.as_int() < 1)
    damaged(number, known_, "a field of it is missing");
  Session& session = sessions_[std::string(name.as_string())];
  Line& place = session.lines.emplace_back();
  place.offset = known_;
  place.bytes = text.size();
  place.number = number;
  place.messages = static_cast<std::size_t>(count.as_int());
  session.messages += place.messages;
  session.updated_us = time.as_int();
}

void HistoryFile::append(const std::string& session, const Messages& messages) {
  const std::vector<std::string> texts = message_texts(messages);
  const std::lock_guard own(mutex_);
  if (file_.read_only()) file_.fail("written: it was opened to be read only", EACCES);
  const LockedFile::Lock lock(file_, true);
  catch_up(true);
  const std::string line = line_of(session, texts, now_us());
  file_.append(known_, line);
  take_line(std::string_view(line).substr(0, line.size() - 1));
}

void HistoryFile::add_messages_of(const Line& line, std::size_t first, const HistoryPage& page,
                                  std::size_t size, Messages& out) const {
  const auto [begin, end] = page.range(size);
  if (first + line.messages <= begin || first >= end) return;
  const std::string text = file_.read(line.offset, line.bytes);
  if (!is_whole(text))
    damaged(line.number, line.offset, "it is not what it was when the file was opened");
  const Json messages = messages_of(text);
  if (messages.size() != line.messages)
    damaged(line.number, line.offset, "it does not hold the messages that it says");
  for (std::size_t i = 0; i < line.messages; ++i) {
    if (first + i < begin || first + i >= end) continue;
    try {
      out.push_back(message_from_json(messages[i]));
    } catch (const Error& error) {
      damaged(line.number, line.offset, error.message());
    }
  }
}

Messages HistoryFile::read(const std::string& session, const HistoryPage& page) {
  const std::lock_guard own(mutex_);
  const LockedFile::Lock lock(file_, false);
  catch_up(false);
  Messages out;
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return out;
  std::size_t first = 0;
  for (const Line& line : found->second.lines) {
    add_messages_of(line, first, page, found->second.messages, out);
    first += line.messages;
  }
  return out;
}

std::size_t HistoryFile::count(const std::string& session) {
  const std::lock_guard own(mutex_);
  const LockedFile::Lock lock(file_, false);
  catch_up(false);
  const auto found = sessions_.find(session);
  return found == sessions_.end() ? 0 : found->second.messages;
}

void HistoryFile::erase(const std::string& session) {
  const std::lock_guard own(mutex_);
  if (file_.read_only()) file_.fail("written: it was opened to be read only", EACCES);
  const LockedFile::Lock lock(file_, true);
  catch_up(true);
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  std::string kept;
  std::uint64_t from = 0;
  for (const Line& line : found->second.lines) {
    kept += file_.read(from, line.offset - from);
    from = line.offset + line.bytes + 1;
  }
  kept += file_.read(from, known_ - from);
  file_.replace(kept);
  catch_up(true);
}

std::vector<SessionInfo> HistoryFile::sessions() {
  const std::lock_guard own(mutex_);
  const LockedFile::Lock lock(file_, false);
  catch_up(false);
  std::vector<SessionInfo> all;
  for (const auto& [id, session] : sessions_) {
    SessionInfo& info = all.emplace_back();
    info.id = id;
    info.messages = session.messages;
    info.updated_us = session.updated_us;
  }
  sort_sessions(all);
  return all;
}

std::vector<std::string> HistoryFile::recovered(bool fresh) {
  const std::lock_guard own(mutex_);
  const std::size_t from = fresh ? std::exchange(told_, recovered_.size()) : 0;
  return {recovered_.begin() + static_cast<std::ptrdiff_t>(from), recovered_.end()};
}

}  // namespace v0
}  // namespace lian
