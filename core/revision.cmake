# Writes version.cpp with the source revision and the hash of the sources that compute, when they changed. Run at build
# time:
#   cmake -DSOURCE_DIR=... -DTEMPLATE=... -DOUTPUT=... -DLIMBFLOW_VERSION=... -P revision.cmake
set(LIMBFLOW_REVISION unknown)
find_program(git_executable git)
if(git_executable)
  execute_process(COMMAND ${git_executable} rev-parse --show-toplevel WORKING_DIRECTORY ${SOURCE_DIR}
                  OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status ERROR_QUIET)
  # A source tree unpacked inside somebody else's checkout has no revision of its own.
  file(REAL_PATH "${SOURCE_DIR}" source_dir)
  if(status EQUAL 0 AND top STREQUAL source_dir)
    execute_process(COMMAND ${git_executable} describe --always --abbrev=12 --exclude=* --dirty=-modified
                    WORKING_DIRECTORY ${SOURCE_DIR} OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE
                    RESULT_VARIABLE status ERROR_QUIET)
    if(status EQUAL 0)
      set(LIMBFLOW_REVISION ${described})
    endif()
  endif()
endif()

# Unlike the revision it also tells apart builds with changes of their own and builds without git, and only they.
file(GLOB sources RELATIVE ${SOURCE_DIR} ${SOURCE_DIR}/core/*.[ch]pp ${SOURCE_DIR}/models/*.[ch]pp)
list(SORT sources)
set(hashes "")
foreach(source IN LISTS sources)
  file(SHA256 ${SOURCE_DIR}/${source} hash)
  string(APPEND hashes "${source} ${hash}\n")
endforeach()
string(SHA256 LIMBFLOW_SOURCE_HASH "${hashes}")
string(SUBSTRING ${LIMBFLOW_SOURCE_HASH} 0 16 LIMBFLOW_SOURCE_HASH)

configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
