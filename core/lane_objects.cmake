# Code for lanes (core/lanes.hpp) is compiled once for each instruction set, and the set is chosen when the program runs.
# LIMBFLOW_LANE_SETS may be given: baseline alone builds faster.
if(LIMBFLOW_LANE_SETS)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set(LIMBFLOW_LANE_SETS baseline avx2 avx512)
else()
  set(LIMBFLOW_LANE_SETS baseline)
endif()
set(limbflow_lane_flags_baseline)
set(limbflow_lane_flags_avx2 -mavx2 -mfma -mbmi -mbmi2 -mf16c -maes -mpclmul)
set(limbflow_lane_flags_avx512 ${limbflow_lane_flags_avx2} -mavx512f -mavx512bw -mavx512cd -mavx512dq -mavx512vl)

# Unique symbols cannot be made local. A right-hand side in one piece, well interleaved, is a fifth faster.
set(limbflow_lane_gnu_flags -fno-gnu-unique -fschedule-insns -finline-limit=2000 --param=inline-unit-growth=2000
                            --param=large-function-growth=5000)

# Compiles `source` into `target` once for each set, with LIMBFLOW_LANE_SET as the set's name. All that other files see
# of it is the symbol SYMBOL_SET: everything else, inline functions and templates of any library included, becomes
# local, so that the linker can never take code of a larger set for a smaller processor.
function(limbflow_add_lane_object target source symbol)
  foreach(set IN LISTS LIMBFLOW_LANE_SETS)
    set(objects ${target}_${symbol}_${set})
    add_library(${objects} OBJECT ${source})
    target_compile_options(${objects} PRIVATE ${limbflow_lane_flags_${set}}
                                              $<$<CXX_COMPILER_ID:GNU>:${limbflow_lane_gnu_flags}>)
    target_compile_definitions(${objects} PRIVATE LIMBFLOW_LANE_SET=${set})
    target_include_directories(${objects} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${objects} PRIVATE limbflow_core limbflow_flags hwy::hwy)
    set(merged ${CMAKE_CURRENT_BINARY_DIR}/${objects}.o)
    add_custom_command(OUTPUT ${merged}
      COMMAND ${CMAKE_CXX_COMPILER} -r -nostdlib -Wl,--force-group-allocation $<TARGET_OBJECTS:${objects}> -o ${merged}
      COMMAND ${CMAKE_OBJCOPY} --keep-global-symbol=${symbol}_${set} ${merged}
      DEPENDS ${objects} $<TARGET_OBJECTS:${objects}> COMMAND_EXPAND_LISTS VERBATIM
      COMMENT "Closing ${symbol}_${set}")
    set_source_files_properties(${merged} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    target_sources(${target} PRIVATE ${merged})
  endforeach()
endfunction()
