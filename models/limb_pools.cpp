#include "models/limb_pools.hpp"

extern "C" {
extern limbflow::models::MakeLimbPools* const limbflow_limb_lanes_baseline;
#ifdef LIMBFLOW_X86_LANES
extern limbflow::models::MakeLimbPools* const limbflow_limb_lanes_avx2;
extern limbflow::models::MakeLimbPools* const limbflow_limb_lanes_avx512;
#endif
}

namespace limbflow::models {

LimbPools limb_pools(core::InstructionSet set) {
  switch (set) {
#ifdef LIMBFLOW_X86_LANES
  case core::InstructionSet::avx512:
    return limbflow_limb_lanes_avx512();
  case core::InstructionSet::avx2:
    return limbflow_limb_lanes_avx2();
#endif
  default:
    return limbflow_limb_lanes_baseline();
  }
}

} // namespace limbflow::models
