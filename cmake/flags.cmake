# Warnings, hardening and sanitizers in one interface target that everything links.
add_library(twinhsm_flags INTERFACE)
target_compile_options(twinhsm_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wvla -Wundef
  -Wwrite-strings -Wmissing-prototypes -Wstrict-prototypes -Wimplicit-fallthrough
  -fstack-protector-strong
  $<$<C_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<BOOL:${TWINHSM_WERROR}>:-Werror>)
target_link_options(twinhsm_flags INTERFACE -Wl,-z,relro,-z,now)
target_compile_definitions(twinhsm_flags INTERFACE
  _GNU_SOURCE
  TWINHSM_VERSION_MAJOR=${PROJECT_VERSION_MAJOR}
  TWINHSM_VERSION_MINOR=${PROJECT_VERSION_MINOR}
  TWINHSM_VERSION="${PROJECT_VERSION}"
  TWINHSM_SYSCONFDIR="${CMAKE_INSTALL_FULL_SYSCONFDIR}")
if(TWINHSM_SANITIZE)
  target_compile_options(twinhsm_flags INTERFACE
    -fsanitize=${TWINHSM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(twinhsm_flags INTERFACE -fsanitize=${TWINHSM_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_definitions(twinhsm_flags INTERFACE _FORTIFY_SOURCE=2)
endif()
if(TWINHSM_FUZZ)
  target_compile_options(twinhsm_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# A layer: a static library of one folder, with the layers it may use.
function(twinhsm_layer name)
  cmake_parse_arguments(L "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${L_SOURCES})
  target_link_libraries(${name} PUBLIC twinhsm_flags ${L_LINK})
endfunction()
