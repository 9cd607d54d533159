#include "core/instruction_set.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace limbflow::core {

std::string_view to_string(InstructionSet set) {
  switch (set) {
  case InstructionSet::baseline:
    return "baseline";
  case InstructionSet::avx2:
    return "avx2";
  case InstructionSet::avx512:
    return "avx512";
  }
  return "unknown";
}

std::vector<InstructionSet> available_instruction_sets() {
  std::vector<InstructionSet> sets{InstructionSet::baseline};
#ifdef LIMBFLOW_X86_LANES
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("aes") &&
                    __builtin_cpu_supports("pclmul");
  if (avx2)
    sets.push_back(InstructionSet::avx2);
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    sets.push_back(InstructionSet::avx512);
#endif
  return sets;
}

InstructionSet instruction_set() {
  const std::vector<InstructionSet> sets = available_instruction_sets();
  const char* wanted = std::getenv("LIMBFLOW_INSTRUCTION_SET");
  if (!wanted || !*wanted)
    return sets.back();
  const auto named = std::find_if(sets.begin(), sets.end(), [&](InstructionSet set) { return to_string(set) == wanted; });
  if (named != sets.end())
    return *named;
  std::string names;
  for (const InstructionSet set : sets)
    names += (names.empty() ? "" : ", ") + std::string(to_string(set));
  throw std::invalid_argument("LIMBFLOW_INSTRUCTION_SET is '" + std::string(wanted) + "'; this processor has: " + names);
}

} // namespace limbflow::core
