// The program that every consumer project builds and runs.
#include <lian/core/version.hpp>

#include <cstdio>

int main() {
  if (lian::version()[0] == '\0') return 1;
  return std::printf("lian %s\n", lian::version()) > 0 ? 0 : 1;
}
