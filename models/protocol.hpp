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
  std::string label;   ///< "baseline", "set 1 concentric", "rest 1", "passive", "recovery"
  int set = 0;         ///< number of the set over all exercises, 0 outside sets
  int scope = 0;       ///< index into Protocol::scopes
};

struct Protocol {
  core::Timeline<LimbControls<double>> timeline; ///< cut at every change of activity and of the cuff's course
  std::vector<Activity> activities;
  std::vector<std::string> scopes; ///< what summaries are kept for: "baseline", "set 1", "rest 1", ...; the segments' group
  double cuff_on_time = 0;         ///< s during which the cuff is asked to hold more than nothing
};

/// The protocol of a scenario. occlusion_pressure (mmHg): what "%AOP" stands for.
/// A change of the cuff's set point is delivered as a linear ramp over the cuff's inflation or deflation time; a new set point
/// starts from wherever the pressure is.
Protocol build_protocol(const Scenario& scenario, double occlusion_pressure);

} // namespace limbflow::models
