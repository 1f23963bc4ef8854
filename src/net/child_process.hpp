#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lian {
inline namespace v0 {

/// What to run. Without a shell: `arguments` reach the program as they are.
struct ChildCommand {
  ChildCommand() = default;
  std::string program;  ///< a path, or a name that is looked up in PATH of `environment`
  std::vector<std::string> arguments;
  /// All that the child sees of an environment.
  std::vector<std::pair<std::string, std::string>> environment;
  std::string folder;  ///< "" for this process's own; a relative `program` is relative to it
};

/// A descriptor that is closed with its owner.
class OwnedDescriptor {
 public:
  OwnedDescriptor() = default;
  explicit OwnedDescriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  OwnedDescriptor(OwnedDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~OwnedDescriptor();
  int get() const noexcept { return descriptor_; }
  int release() noexcept { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_ = -1;
};

/// A program of its own process group whose standard streams are in this process's hands. It
/// inherits no other descriptor, no blocked and no ignored signal. Nothing here changes how this
/// process treats signals: no handler for SIGCHLD (the end is told by a pidfd), no SIGPIPE (its
/// input is a socket). Ending and destroying it are thread-safe, and so is everything that reads
/// alone; each stream has one user at a time.
class ChildProcess {
 public:
  /// Starts it. Throws Error{config} for text that cannot be a program, argument or variable,
  /// Error{not_found} when there is no such program or folder, Error{permission} when it may not
  /// be run, LimitError when descriptors or processes ran out.
  explicit ChildProcess(const ChildCommand& command);
  /// Kills its group at once unless it has ended.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // To be watched; none of them blocks.
  int input() const noexcept { return input_.get(); }    ///< its standard input, writable
  int output() const noexcept { return output_.get(); }  ///< its standard output, readable
  int errors() const noexcept { return errors_.get(); }  ///< its standard error, readable
  int life() const noexcept { return life_.get(); }      ///< readable when it has ended

  /// How many bytes its input took; 0 when it is full. Throws Error{network} when nobody reads it
  /// any more.
  std::size_t write(std::string_view bytes);
  enum class Got { bytes, nothing, end };
  /// Appends what has come on one of its outputs, at most 64 KiB.
  static Got read(int descriptor, std::string& out);

  /// Closes its input, which asks it to end.
  void close_input() noexcept;
  /// Whether it has ended, waiting for that time at most.
  bool ended(std::chrono::milliseconds wait = std::chrono::milliseconds(0));
  /// "with exit status 1" or "by signal 9"; "" before its end was seen and when nobody knows.
  std::string end_text() const;
  /// Ends it: closes its input, waits for that time, sends SIGTERM to its group, waits as long
  /// again, kills the group; what is left of the group is killed in any case. Blocks.
  void end(std::chrono::milliseconds grace);
  pid_t id() const noexcept { return id_; }

 private:
  bool wait_for_end(std::chrono::milliseconds limit) const;
  void reap();

  OwnedDescriptor input_, output_, errors_, life_;
  pid_t id_ = -1;
  mutable std::mutex mutex_;  // guards what follows
  bool reaped_ = false;
  std::string end_text_;
};

}  // namespace v0
}  // namespace lian
