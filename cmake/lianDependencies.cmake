# What lian and its components link, in one place: the build and an installed lian read the same rows.
# A row: imported target, CMake package, Debian package, linker flag for pkg-config.
set(lian_core_dependencies
  "CURL::libcurl CURL libcurl4-openssl-dev -lcurl"
  "libuv::uv libuv libuv1-dev -luv"
  "simdjson::simdjson simdjson libsimdjson-dev -lsimdjson"
  "spdlog::spdlog spdlog libspdlog-dev -lspdlog"
  "fmt::fmt fmt libfmt-dev -lfmt"
  "OpenSSL::Crypto OpenSSL libssl-dev -lcrypto"
  "ZLIB::ZLIB ZLIB zlib1g-dev -lz"
  "utf8proc::utf8proc utf8proc libutf8proc-dev -lutf8proc"
  "wslay::wslay wslay libwslay-dev -lwslay"
  "Threads::Threads Threads libc6-dev -pthread")
set(lian_sqlite_dependencies "SQLite::SQLite3 SQLite3 libsqlite3-dev -lsqlite3")
set(lian_html_dependencies "LibXml2::LibXml2 LibXml2 libxml2-dev -lxml2")

# lian_find_dependencies(<rows> <targets> <flags> <missing>): looks the rows up; the last three name
# the variables that receive the targets, the linker flags, and a sentence about what was not found.
function(lian_find_dependencies rows targets flags missing)
  list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_FUNCTION_LIST_DIR}")
  set(found_targets "")
  set(found_flags "")
  set(absent "")
  foreach(row IN LISTS rows)
    separate_arguments(row)
    list(GET row 0 target)
    list(GET row 1 package)
    list(GET row 2 debian)
    list(GET row 3 flag)
    if(NOT TARGET ${target})
      find_package(${package} QUIET)
      if(TARGET ${target})  # a parent project links lian from another directory than this one
        set_target_properties(${target} PROPERTIES IMPORTED_GLOBAL TRUE)
      endif()
    endif()
    if(TARGET ${target})
      list(APPEND found_targets ${target})
      list(APPEND found_flags ${flag})
    else()
      list(APPEND absent "${package} (Debian and Ubuntu: apt-get install ${debian})")
    endif()
  endforeach()
  list(JOIN absent ", " absent)
  set(${targets} "${found_targets}" PARENT_SCOPE)
  set(${flags} "${found_flags}" PARENT_SCOPE)
  set(${missing} "${absent}" PARENT_SCOPE)
endfunction()
