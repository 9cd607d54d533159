// Virtual tests: freeze the limb as it is and run a short experiment on a copy.
#pragma once

#include "models/limb.hpp"
#include "models/scenario.hpp"

#include <span>

namespace limbflow::models {

/// A limb at rest: its parameters with every reference value filled in, and its state, one value per state of Limb.
struct RestingLimb {
  LimbParameters<double> parameters;
  std::vector<double> state;
};

/// The limb after 50 minutes in its posture without cuff or work, flows counted from zero. Volumes, oxygen, phosphates and lactate of
/// muscle in that state become the references from which changes count. The last few hundred limbs are remembered.
/// Throws std::runtime_error, naming state and time, if no resting state is reached.
RestingLimb resting_limb(const LimbParameters<double>& parameters, double external_pressure = 0.0);

/// Arterial occlusion pressure: the cuff pressure (mmHg gauge) at which the pulse below the cuff is gone.
///
/// The cuff is raised over the frozen limb until the flow that still passes, beat by beat, once the artery beyond has run
/// down, is less than `detectable_share` of the resting flow; found to 0.05 mmHg and better. Infinite if the cuff transmits nothing.
double occlusion_pressure(const LimbParameters<double>& parameters, std::span<const double> state,
                          double detectable_share);

/// What a cuff does to a person's limb at rest in a posture.
struct OcclusionPressure {
  double aop_mmHg = 0;                ///< gauge pressure of the cuff
  double artery_pressure_mmHg = 0;    ///< pressure on the artery at that point
  double transmission = 0;            ///< share of the gauge pressure that reaches the artery
  double systolic_at_cuff_mmHg = 0;   ///< arterial systolic pressure at the level of the cuff
};

/// The virtual measurement for a scenario's person, limb, cuff and posture at rest.
/// Throws core::InputError if the scenario has no cuff; std::runtime_error as resting_limb.
OcclusionPressure aop(const Scenario& scenario);

/// Inflow (mL/100mL/min) as venous occlusion plethysmography reads it: a collecting cuff at 50 mmHg goes on within
/// half a second, and the slope of the limb's volume is taken over the following ten seconds.
/// The state is that of the beat-averaged limb; `controls` are those of the moment.
double plethysmography(const LimbParameters<double>& parameters, std::span<const double> state,
                       const LimbControls<double>& controls, double time);

} // namespace limbflow::models
