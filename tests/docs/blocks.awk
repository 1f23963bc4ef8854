# awk -v page=docs/chains.md -f blocks.awk docs/chains.md: the page's ```cpp blocks as one test. A block
# marked "cpp declare" stands at namespace scope; all others, in order, are the body of one function, of
# which one marked "cpp not run", because it needs what a test has not, is compiled only.
/^```cpp/ {
  inside = 1
  declares = /declare/
  line = sprintf("#line %d \"%s\"\n", FNR + 1, page)
  waits = /not run/
  if (declares) declarations = declarations line
  else if (waits) body = body sprintf("  const auto not_run_%d = [&] {\n%s", FNR, line)
  else body = body line
  next
}
/^```/ {
  if (inside && waits) body = body "  };\n"
  inside = 0
  next
}
inside && /^#include/ { includes = includes $0 "\n"; next }
inside && declares { declarations = declarations $0 "\n" }
inside && !declares { body = body "  " $0 "\n" }
END {
  printf "#include \"docs/guide.hpp\"\n%s\nnamespace {\n%s}  // namespace\n\n", includes, declarations
  printf "TEST_CASE(\"%s: its code runs\") {\n  const lian::test::Guide guide;\n%s}\n", page, body
}
