// Virtual tests: freeze the limb as it is and run a short experiment on a copy.
#pragma once

#include "core/instruction_set.hpp"
#include "core/lane_pool.hpp"
#include "models/limb.hpp"
#include "models/scenario.hpp"

#include <optional>
#include <span>
#include <vector>

namespace limbflow::models {

/// A limb at rest: its parameters with every reference value filled in, and its state, one value per state of Limb.
struct RestingLimb {
  LimbParameters<double> parameters;
  std::vector<double> state;
};

/// The limb after 50 minutes in its posture without cuff or work, flows counted from zero. Volumes, oxygen, phosphates and lactate of
/// muscle in that state become the references from which changes count. The last few hundred limbs are remembered.
/// Throws std::runtime_error, naming state and time, if no resting state is reached.
RestingLimb resting_limb(const LimbParameters<double>& parameters, double external_pressure = 0.0,
                         core::InstructionSet set = core::instruction_set());

/// The same limb if it is remembered.
std::optional<RestingLimb> known_resting_limb(const LimbParameters<double>& parameters, double external_pressure,
                                              core::InstructionSet set);

/// A limb on its way to rest, for whoever has a pool that settles many side by side:
///
///   do { settling.prepare(run); integrate run in a pool of `set`; } while (!settling.done(run));
class Settling {
public:
  Settling(const LimbParameters<double>& parameters, double external_pressure, core::InstructionSet set);
  Settling(const Settling&) = delete;
  Settling& operator=(const Settling&) = delete;

  /// The integration that comes next. The run points into this object.
  void prepare(core::LaneRun<AveragedLimb>& run) const;
  /// Takes an integration back; whether the limb is at rest, which is then remembered. Throws as resting_limb.
  bool done(const core::LaneRun<AveragedLimb>& run);

  /// Once done: the limb at rest.
  const RestingLimb& limb() const { return settled; }
  /// Whether this limb under this pressure is the one that comes to rest.
  bool is_of(const LimbParameters<double>& parameters, double external_pressure) const;

private:
  void read_references();

  LimbParameters<double> asked;
  double external_pressure;
  core::InstructionSet set;
  RestingLimb settled;
  core::Timeline<LimbControls<double>> rest;
  core::IntegrationOptions options;
  int passes = 0;
};

/// Arterial occlusion pressure: the cuff pressure (mmHg gauge) at which the pulse below the cuff is gone.
///
/// The cuff is raised over the frozen limb until the flow that still passes, beat by beat, once the artery beyond has run
/// down, is less than `detectable_share` of the resting flow; found to 1e-7 mmHg. Infinite if the cuff transmits nothing.
double occlusion_pressure(const LimbParameters<double>& parameters, std::span<const double> state,
                          double detectable_share);

/// The same of a limb at rest. The last few hundred are remembered: the runs of a sweep over pressures and loads share one.
double resting_occlusion_pressure(const RestingLimb& limb, double detectable_share);

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
