#pragma once
/// Which of the instruction sets that lanes are compiled for (core/lanes.hpp) runs here.

#include <string_view>
#include <vector>

namespace limbflow::core {

enum class InstructionSet {
  baseline, ///< what every processor of the architecture has
  avx2,     ///< AVX2 and FMA: four doubles
  avx512    ///< AVX-512 F, BW, CD, DQ and VL: eight doubles
};

/// Name as in LIMBFLOW_INSTRUCTION_SET, e.g. "avx2".
std::string_view to_string(InstructionSet set);

/// Those that are compiled in and that this processor has, the fastest last.
std::vector<InstructionSet> available_instruction_sets();

/// The one to use: the fastest, or the one that the environment variable LIMBFLOW_INSTRUCTION_SET names.
/// Throws std::invalid_argument, with the names there are, if that one is not available.
InstructionSet instruction_set();

} // namespace limbflow::core
