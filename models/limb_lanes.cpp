// Compiled once for each instruction set (core/lane_objects.cmake); models/limb_pools.cpp chooses among them.
#include "core/lane_integrator.hpp"
#include "models/limb_pools.hpp"

namespace {

limbflow::models::LimbPools make_pools() {
  using limbflow::core::Dop853;
  using limbflow::core::DormandPrince5;
  using limbflow::core::LaneIntegrator;
  using limbflow::core::Rodas5P;
  using limbflow::models::AveragedLimb;
  using limbflow::models::PulsatileLimb;
  return {std::make_unique<LaneIntegrator<AveragedLimb, DormandPrince5>>(), std::make_unique<LaneIntegrator<AveragedLimb, Dop853>>(),
          std::make_unique<LaneIntegrator<AveragedLimb, Rodas5P>>(), std::make_unique<LaneIntegrator<PulsatileLimb, DormandPrince5>>(),
          std::make_unique<LaneIntegrator<PulsatileLimb, Dop853>>()};
}

} // namespace

#define LIMBFLOW_JOIN(name, set) name##_##set
#define LIMBFLOW_SYMBOL(name, set) LIMBFLOW_JOIN(name, set)
extern "C" {
extern limbflow::models::MakeLimbPools* const LIMBFLOW_SYMBOL(limbflow_limb_lanes, LIMBFLOW_LANE_SET);
limbflow::models::MakeLimbPools* const LIMBFLOW_SYMBOL(limbflow_limb_lanes, LIMBFLOW_LANE_SET) = make_pools;
}
