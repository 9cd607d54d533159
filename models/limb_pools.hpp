// The limb in lanes: pools that integrate many runs of it side by side, compiled for each instruction set.
#pragma once

#include "core/instruction_set.hpp"
#include "core/lane_pool.hpp"
#include "models/limb.hpp"

#include <memory>

namespace limbflow::models {

/// By Dormand-Prince 5 where the name does not say otherwise. Rodas5P, which is linearly implicit, also brings limbs to rest.
struct LimbPools {
  std::unique_ptr<core::LanePool<AveragedLimb>> averaged;
  std::unique_ptr<core::LanePool<PulsatileLimb>> pulsatile_by_dop853;
  std::unique_ptr<core::LanePool<AveragedLimb>> averaged_by_dop853;
  std::unique_ptr<core::LanePool<PulsatileLimb>> pulsatile;
  std::unique_ptr<core::LanePool<AveragedLimb>> averaged_by_rodas5p;
};

/// New pools, for one thread. `set` must be one of core::available_instruction_sets().
LimbPools limb_pools(core::InstructionSet set);

/// What one instruction set's object file gives (limb_lanes.cpp).
using MakeLimbPools = LimbPools();

} // namespace limbflow::models
