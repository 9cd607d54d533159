# Writes version.cpp with the source revision, when it changed. Run at build time:
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
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
