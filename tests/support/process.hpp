/// What a process holds: descriptors and children.
#pragma once

#include <dirent.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <memory>
#include <string>

namespace lian::test {

/// Descriptors of this process that are open now.
inline std::size_t open_descriptors() {
  struct Close {
    void operator()(DIR* folder) const noexcept { ::closedir(folder); }
  };
  const std::unique_ptr<DIR, Close> folder(::opendir("/proc/self/fd"));
  std::size_t count = 0;
  while (::readdir(folder.get()) != nullptr) ++count;
  return count - 3;  // ".", ".." and the folder itself
}

/// The children of this process, zombies too, as the kernel lists them.
inline std::string children() {
  const std::string self = std::to_string(::getpid());
  std::ifstream file("/proc/" + self + "/task/" + self + "/children");
  std::string text;
  std::getline(file, text);
  return text;
}

/// Whether a process runs: neither gone nor a zombie.
inline bool is_alive(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return false;
  const std::size_t name = text.rfind(')');
  return name != std::string::npos && text.size() > name + 2 && text[name + 2] != 'Z';
}

}  // namespace lian::test
