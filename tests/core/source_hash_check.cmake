# The hash of the sources changes with every source of the engine and the models, and with nothing else.
file(REMOVE_RECURSE ${WORK_DIR})
file(WRITE ${WORK_DIR}/core/a.cpp "int a;\n")
file(WRITE ${WORK_DIR}/models/b.hpp "int b;\n")

function(compute_hash out)
  execute_process(COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${WORK_DIR} -DTEMPLATE=${SOURCE_DIR}/core/version.cpp.in
                          -DOUTPUT=${WORK_DIR}/version.cpp -DLIMBFLOW_VERSION=1.2.3 -P ${SOURCE_DIR}/core/revision.cmake
                  COMMAND_ERROR_IS_FATAL ANY)
  file(STRINGS ${WORK_DIR}/version.cpp line REGEX "source_hash")
  if(NOT line MATCHES "\"([0-9a-f]+)\"")
    message(FATAL_ERROR "there is no hash: ${line}")
  endif()
  set(${out} ${CMAKE_MATCH_1} PARENT_SCOPE)
endfunction()

compute_hash(first)
file(WRITE ${WORK_DIR}/README.md "words")
compute_hash(same)
file(APPEND ${WORK_DIR}/models/b.hpp "int c;\n")
compute_hash(changed)
file(RENAME ${WORK_DIR}/core/a.cpp ${WORK_DIR}/core/b.cpp)
compute_hash(renamed)
if(NOT first STREQUAL same OR first STREQUAL changed OR changed STREQUAL renamed)
  message(FATAL_ERROR "hashes: ${first}, another file added ${same}, changed ${changed}, renamed ${renamed}")
endif()
