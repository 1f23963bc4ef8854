#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lian {
inline namespace v0 {

/// A file that several processes append to, each under its lock: what of it is the system's.
/// Failures are Error{storage} naming the file. Used by one thread at a time.
class LockedFile {
 public:
  /// Opens the file or makes it, readable by its owner alone; one that cannot be written is only
  /// read. The path is resolved: a link stays one when the file is replaced.
  explicit LockedFile(std::string path);
  ~LockedFile();
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;

  /// Holds the file's lock while it lives: alone, or beside other readers. Waits 5 s at most.
  class Lock {
   public:
    Lock(LockedFile& file, bool alone);
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    bool took_place() const;
    LockedFile& file_;
  };

  const std::string& path() const noexcept { return path_; }
  bool read_only() const noexcept { return read_only_; }
  /// Another number when another file stands in the place of the one before, put there by this or
  /// another process.
  std::uint64_t generation() const noexcept { return generation_; }
  std::uint64_t size() const;
  /// The bytes [offset, offset + count), which must be there.
  std::string read(std::uint64_t offset, std::uint64_t count) const;
  /// Writes behind `end`, where the file ends, and waits until it is on the disk. Undone on
  /// failure.
  void append(std::uint64_t end, std::string_view bytes);
  void cut(std::uint64_t size);
  /// Puts a new file with these bytes in the place of this one, whole; with the lock held alone,
  /// which goes over to the new file.
  void replace(std::string_view bytes);
  [[noreturn]] void fail(std::string_view doing, int code) const;

 private:
  bool still_in_place() const;
  void reopen();
  int open_file(bool make) const;

  std::string path_;
  int fd_ = -1;
  bool read_only_ = false;
  std::uint64_t generation_ = 0;
};

}  // namespace v0
}  // namespace lian
