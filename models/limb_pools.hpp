// The limb in lanes: pools that integrate many runs of it side by side, compiled for each instruction set.
#pragma once

#include "core/instruction_set.hpp"
#include "core/lane_pool.hpp"
#include "models/limb.hpp"
#include "models/scenario.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace limbflow::models {

/// Pools for one thread, one for each limb and way of taking steps.
class LimbPools {
public:
  template <core::Model M>
  using Pool = std::unique_ptr<core::LanePool<M>>;

  LimbPools(Pool<AveragedLimb> averaged_by_dopri5, Pool<AveragedLimb> averaged_by_dop853, Pool<AveragedLimb> averaged_by_rodas5p,
            Pool<PulsatileLimb> pulsatile_by_dopri5, Pool<PulsatileLimb> pulsatile_by_dop853)
      : averaged_dopri5(std::move(averaged_by_dopri5)), averaged_dop853(std::move(averaged_by_dop853)),
        averaged_rodas5p(std::move(averaged_by_rodas5p)), pulsatile_dopri5(std::move(pulsatile_by_dopri5)),
        pulsatile_dop853(std::move(pulsatile_by_dop853)) {}

  /// The pool that a scenario's stepper asks for. Left to itself that is Dormand-Prince 5, as it is for beats by rodas5p.
  template <core::Model M>
  core::LanePool<M>& by(Stepper stepper) const {
    if constexpr (std::is_same_v<M, PulsatileLimb>)
      return stepper == Stepper::dop853 ? *pulsatile_dop853 : *pulsatile_dopri5;
    else
      return stepper == Stepper::dop853 ? *averaged_dop853 : stepper == Stepper::rodas5p ? *averaged_rodas5p : *averaged_dopri5;
  }

  /// The pool that brings limbs to rest.
  core::LanePool<AveragedLimb>& to_rest() const { return *averaged_rodas5p; }

  /// Calls `work` with the pool that has most to do; among equals with the one that brings to rest, then an averaged one.
  template <class Work>
  void with_fullest(Work&& work) const {
    const std::size_t most = std::max({averaged_rodas5p->pending(), averaged_dopri5->pending(), pulsatile_dopri5->pending(),
                                       averaged_dop853->pending(), pulsatile_dop853->pending()});
    const auto works = [&](auto& pool) {
      if (pool->pending() != most)
        return false;
      work(*pool);
      return true;
    };
    static_cast<void>(works(averaged_rodas5p) || works(averaged_dopri5) || works(pulsatile_dopri5) || works(averaged_dop853) ||
                      works(pulsatile_dop853));
  }

private:
  Pool<AveragedLimb> averaged_dopri5, averaged_dop853, averaged_rodas5p;
  Pool<PulsatileLimb> pulsatile_dopri5, pulsatile_dop853;
};

/// New pools, for one thread. `set` must be one of core::available_instruction_sets().
LimbPools limb_pools(core::InstructionSet set);

/// What one instruction set's object file gives (limb_lanes.cpp).
using MakeLimbPools = LimbPools();

} // namespace limbflow::models
