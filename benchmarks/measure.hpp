#pragma once
// Clocks, peak memory and the one JSON line that every benchmark program prints.

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

inline double seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

inline double wall_seconds() { return seconds(CLOCK_MONOTONIC); }
inline double cpu_seconds() { return seconds(CLOCK_PROCESS_CPUTIME_ID); }

/// A field of /proc/self/status in KiB. (ru_maxrss would begin with the parent's peak.)
inline long status_kb(std::string_view field) {
  std::FILE* file = std::fopen("/proc/self/status", "r");
  if (file == nullptr) return 0;
  char line[256];
  long value = 0;
  while (std::fgets(line, sizeof line, file) != nullptr) {
    if (std::strncmp(line, field.data(), field.size()) != 0) continue;
    std::sscanf(line + field.size() + 1, "%ld", &value);
  }
  std::fclose(file);
  return value;
}

inline long peak_kb() { return status_kb("VmHWM"); }

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Lets a program hold ten thousand sockets.
inline void raise_file_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// One run's result. Every line has `workload`, `units`, `cpu_ns_per_unit` and `peak_mb`.
class Report {
 public:
  Report(std::string_view workload, double units, double cpu) {
    line_ = "{\"workload\":\"" + std::string(workload) + "\"";
    add("units", units);
    add("cpu_ns_per_unit", cpu / units * 1e9);
  }

  Report& add(const char* key, double value) {
    char text[64];
    std::snprintf(text, sizeof text, ",\"%s\":%.10g", key, value);
    line_ += text;
    return *this;
  }

  void print() {
    add("peak_mb", static_cast<double>(peak_kb()) / 1024);
    std::printf("%s}\n", line_.c_str());
    std::fflush(stdout);
  }

 private:
  std::string line_;
};

}  // namespace bench
