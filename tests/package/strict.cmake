# The warnings of a strict user; lian's headers must be clean under them.
function(be_strict target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
endfunction()
