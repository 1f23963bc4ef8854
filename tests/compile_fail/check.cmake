# cmake -DCOMPILER=... -DINCLUDE=... -DFILE=... -P check.cmake: the file must not compile; the first error
# is lian's own sentence, and all of the output fits a screen. The file says what to expect:
#   // expect: part of the sentence, after "lian:", in the first line with "error:"
#   // mention: words that stand anywhere in the output (any number of such lines)
cmake_minimum_required(VERSION 3.22)
set(most_lines 12)

file(STRINGS "${FILE}" expectations REGEX "^// (expect|mention): ")
if(NOT expectations MATCHES "// expect: ")
  message(FATAL_ERROR "${FILE} has no line \"// expect: ...\"")
endif()

# A user's command line: nothing that shortens the output.
set(ENV{LC_ALL} C)
execute_process(COMMAND "${COMPILER}" -std=c++20 -fsyntax-only -I "${INCLUDE}" "${FILE}"
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)

string(REGEX MATCHALL "\n" line_ends "${output}")
list(LENGTH line_ends lines)
string(REGEX MATCH "[^\n]*error:[^\n]*" first_error "${output}")

set(complaints "")
if(result EQUAL 0)
  string(APPEND complaints "  it compiled\n")
endif()
if(lines GREATER most_lines)
  string(APPEND complaints "  ${lines} lines of output, at most ${most_lines}\n")
endif()
foreach(expectation IN LISTS expectations)
  string(REGEX REPLACE "^// (expect|mention): " "" words "${expectation}")
  if(expectation MATCHES "^// expect: ")
    string(FIND "${first_error}" "lian: " start)
    string(FIND "${first_error}" "${words}" position)
    if(start EQUAL -1 OR position LESS start)
      string(APPEND complaints "  the first error is not lian's sentence with \"${words}\"\n")
    endif()
  else()
    string(FIND "${output}" "${words}" position)
    if(position EQUAL -1)
      string(APPEND complaints "  \"${words}\" stands nowhere in the output\n")
    endif()
  endif()
endforeach()

if(complaints)
  message(FATAL_ERROR "${FILE} with ${COMPILER}:\n${complaints}--- output ---\n${output}--- end ---")
endif()
