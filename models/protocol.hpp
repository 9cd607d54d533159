// From a scenario's exercises and cuff settings to the timeline of controls that the limb is run along.
#pragma once

#include "core/timeline.hpp"
#include "models/limb_parameters.hpp"
#include "models/scenario.hpp"

#include <string>
#include <vector>

namespace limbflow::models {

/// One stretch of the protocol as a person would name it.
struct Activity {
  double begin = 0; ///< s
  double end = 0;
  double force = 0;    ///< fraction of a fresh maximal voluntary contraction
  double shortening_begin = 0; ///< of the working muscles, share of a lift's range
  double shortening_rate = 0;  ///< 1/s
  double velocity_factor = 1; ///< force at the speed of the movement over isometric force at the same drive
  double slowest_velocity_factor = 1; ///< the same at the speed of the slowest movement that still does the task
  double cost_factor = 1;    ///< ATP of activation over that of an isometric contraction
  double work_cost = 0;      ///< ATP for shortening work at the force of a fresh maximal contraction, mM/s
  double chest_pressure = 0; ///< of a held breath, mmHg
  std::string label;   ///< "baseline", "set 1 concentric", "rest 1", "passive", "recovery"
  int set = 0;         ///< number of the set over all exercises, 0 outside sets
  int scope = 0;       ///< index into Protocol::scopes
};

struct Protocol {
  core::Timeline<LimbControls<double>> timeline; ///< cut at every change of activity and of the cuff's course
  std::vector<Activity> activities;
  std::vector<std::string> scopes; ///< what summaries are kept for: "baseline", "set 1", "rest 1", ...; the segments' group
  std::vector<int> repetitions;    ///< of each set, those that were completed
  double cuff_on_time = 0;         ///< s during which the cuff is asked to hold more than nothing
};

/// The protocol of a scenario. occlusion_pressure (mmHg): what "%AOP" stands for.
/// A change of the cuff's set point is delivered as a linear ramp over the cuff's inflation or deflation time; a new set point
/// starts from wherever the pressure is.
///
/// set_ends: for sets that failed, the time (s) at which they ended; infinite or missing for the others. What comes after moves
/// forward. A set "until failure" has `most_repetitions_to_failure` repetitions until its end is known.
Protocol build_protocol(const Scenario& scenario, double occlusion_pressure, const std::vector<double>& set_ends = {});

} // namespace limbflow::models
