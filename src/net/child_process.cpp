#include "net/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "lian/core/error.hpp"

namespace lian {
inline namespace v0 {

namespace {

constexpr std::size_t slice_bytes = std::size_t{64} << 10;

[[noreturn]] void throw_spawn(const std::string& program, int error) {
  const std::string text =
      fmt::format("'{}' cannot be started: {}", program.substr(0, 200), std::strerror(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      throw Error(ErrorKind::not_found, text);
    case EACCES:
    case EPERM:
      throw Error(ErrorKind::permission, text);
    case EMFILE:
    case ENFILE:
      throw LimitError(text + "; raise the limit with 'ulimit -n'", "RLIMIT_NOFILE", 0);
    case EAGAIN:
      throw LimitError(text + "; raise the limit with 'ulimit -u'", "RLIMIT_NPROC", 0);
    default:
      throw Error(ErrorKind::config, text);
  }
}

// Above the standard streams, where the child's own go; takes the descriptor over.
OwnedDescriptor raised(int descriptor, const std::string& program) {
  OwnedDescriptor given(descriptor);
  if (descriptor > STDERR_FILENO) return given;
  OwnedDescriptor above(::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (above.get() < 0) throw_spawn(program, errno);
  return above;
}

struct Ends {
  OwnedDescriptor ours, theirs;
};

Ends ends_of(const std::array<int, 2>& both, std::size_t ours, const std::string& program) {
  Ends ends;
  OwnedDescriptor other(both[1 - ours]);
  ends.ours = raised(both[ours], program);
  ends.theirs = raised(other.release(), program);
  ::fcntl(ends.ours.get(), F_SETFL, ::fcntl(ends.ours.get(), F_GETFL) | O_NONBLOCK);
  return ends;
}

// A socket, so that writing to a child that is gone need not raise SIGPIPE.
Ends for_writing(const std::string& program) {
  std::array<int, 2> both{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both.data()) != 0)
    throw_spawn(program, errno);
  return ends_of(both, 0, program);
}

// A pipe, since programs open /dev/stderr, which no socket allows.
Ends for_reading(const std::string& program) {
  std::array<int, 2> both{};
  if (::pipe2(both.data(), O_CLOEXEC) != 0) throw_spawn(program, errno);
  return ends_of(both, 0, program);
}

void check_text(std::string_view text, const char* what) {
  if (text.find('\0') != text.npos)
    throw Error(ErrorKind::config, fmt::format("{} of a child process holds a NUL byte", what));
}

void check(const ChildCommand& command) {
  if (command.program.empty())
    throw Error(ErrorKind::config, "the command of a child process is empty");
  check_text(command.program, "the command");
  check_text(command.folder, "the working directory");
  for (const std::string& argument : command.arguments) check_text(argument, "an argument");
  for (const auto& [name, value] : command.environment) {
    check_text(name, "the name of a variable");
    check_text(value, "a variable");
    if (name.empty() || name.find('=') != name.npos)
      throw Error(ErrorKind::config,
                  fmt::format("'{}' cannot be the name of an environment variable", name));
  }
}

bool is_program(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

// The path of the program: only a name without '/' is looked for, and only in the child's PATH.
std::string path_of(const ChildCommand& command) {
  if (command.program.find('/') != command.program.npos) return command.program;
  std::string_view list;
  for (const auto& [name, value] : command.environment)
    if (name == "PATH") list = value;
  while (!list.empty()) {
    const std::size_t colon = list.find(':');
    const std::string folder(list.substr(0, colon));
    list.remove_prefix(colon == list.npos ? list.size() : colon + 1);
    if (!folder.starts_with('/')) continue;  // never what happens to lie in a working directory
    std::string path = folder + "/" + command.program;
    if (is_program(path)) return path;
  }
  throw Error(ErrorKind::not_found, fmt::format("there is no program '{}' in the PATH that the "
                                                "child process is given",
                                                command.program.substr(0, 200)));
}

// Frees what posix_spawn is told.
struct SpawnSettings {
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

// A session of its own, every signal as it is by default.
void set_up(SpawnSettings& settings, const ChildCommand& command, int in, int out, int err) {
  posix_spawn_file_actions_adddup2(&settings.actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&settings.actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&settings.actions, err, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&settings.actions, STDERR_FILENO + 1);
  if (!command.folder.empty())
    posix_spawn_file_actions_addchdir_np(&settings.actions, command.folder.c_str());
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&settings.attributes, &none);
  posix_spawnattr_setsigdefault(&settings.attributes, &all);
  posix_spawnattr_setflags(&settings.attributes,
                           POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

pid_t spawn(const ChildCommand& command, int in, int out, int err) {
  const std::string path = path_of(command);
  SpawnSettings settings;
  set_up(settings, command, in, out, err);
  std::vector<std::string> words{command.program}, variables;
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  for (const auto& [name, value] : command.environment) variables.push_back(name + "=" + value);
  pid_t id = -1;
  const int error = ::posix_spawn(&id, path.c_str(), &settings.actions, &settings.attributes,
                                  pointers(words).data(), pointers(variables).data());
  if (error != 0) throw_spawn(command.program, error);
  return id;
}

}  // namespace

OwnedDescriptor::~OwnedDescriptor() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

ChildProcess::ChildProcess(const ChildCommand& command) {
  check(command);
  Ends in = for_writing(command.program), out = for_reading(command.program),
       err = for_reading(command.program);
  id_ = spawn(command, in.theirs.get(), out.theirs.get(), err.theirs.get());
  life_ = OwnedDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, id_, 0)));
  if (life_.get() < 0) {
    const int error = errno;
    ::kill(-id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
    throw_spawn(command.program, error);
  }
  input_ = std::move(in.ours);
  output_ = std::move(out.ours);
  errors_ = std::move(err.ours);
}

ChildProcess::~ChildProcess() {
  const std::lock_guard lock(mutex_);
  reap();
}

std::size_t ChildProcess::write(std::string_view bytes) {
  const ssize_t count =
      ::send(input_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count >= 0) return static_cast<std::size_t>(count);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
  throw Error(ErrorKind::network,
              fmt::format("it does not read its input any more: {}", std::strerror(errno)));
}

ChildProcess::Got ChildProcess::read(int descriptor, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + slice_bytes);
  ssize_t count = 0;
  do {
    count = ::read(descriptor, out.data() + before, slice_bytes);
  } while (count < 0 && errno == EINTR);
  const bool later = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  out.resize(before + static_cast<std::size_t>(count > 0 ? count : 0));
  if (later) return Got::nothing;
  return count > 0 ? Got::bytes : Got::end;  // an error is an end
}

void ChildProcess::close_input() noexcept { ::shutdown(input_.get(), SHUT_WR); }

bool ChildProcess::wait_for_end(std::chrono::milliseconds limit) const {
  const auto until = std::chrono::steady_clock::now() + limit;
  pollfd life{life_.get(), POLLIN, 0};
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    const int ready = ::poll(&life, 1, static_cast<int>(std::max<long>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

bool ChildProcess::ended(std::chrono::milliseconds wait) {
  if (!wait_for_end(wait)) return false;
  const std::lock_guard lock(mutex_);
  reap();
  return true;
}

std::string ChildProcess::end_text() const {
  const std::lock_guard lock(mutex_);
  return end_text_;
}

void ChildProcess::end(std::chrono::milliseconds grace) {
  close_input();
  if (!wait_for_end(grace)) {
    const std::lock_guard lock(mutex_);
    if (!reaped_) ::kill(-id_, SIGTERM);
  }
  wait_for_end(grace);
  const std::lock_guard lock(mutex_);
  reap();
}

// The group is killed while the child, dead or not, still holds the group's number.
void ChildProcess::reap() {
  if (reaped_) return;
  reaped_ = true;
  siginfo_t about{};
  if (::waitid(P_PID, static_cast<id_t>(id_), &about, WEXITED | WNOHANG | WNOWAIT) != 0)
    return;  // somebody else has collected it: the number may be another's by now
  ::kill(-id_, SIGKILL);
  while (::waitid(P_PID, static_cast<id_t>(id_), &about, WEXITED) != 0)
    if (errno != EINTR) return;
  if (about.si_code == CLD_EXITED)
    end_text_ = fmt::format("with exit status {}", about.si_status);
  else
    end_text_ = fmt::format("by signal {}", about.si_status);
}

}  // namespace v0
}  // namespace lian
