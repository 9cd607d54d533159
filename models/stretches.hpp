// Which stretches of a beat-averaged run are run beat by beat.
//
// The averaged limb follows everything that is slow against a beat. When the cuff's pressure moves, the artery shuts or opens within a
// beat, and what happens depends on the beat: those beats are run in the pulsatile limb, from a whole beat before the change
// to four beats after it. The two share their states, and at the start of a beat (pulse_mean_phase) their
// arterial volumes mean the same, so changing over needs no conversion.
#pragma once

#include "core/timeline.hpp"
#include "models/limb_parameters.hpp"

#include <vector>

namespace limbflow::models {

/// A stretch of a run in one fidelity.
struct Stretch {
  bool pulsatile = false;
  core::Timeline<LimbControls<double>> timeline;
};

/// The timeline as alternating averaged and pulsatile stretches; together they have the same segments, cut where needed.
std::vector<Stretch> beat_resolved_stretches(const core::Timeline<LimbControls<double>>& timeline,
                                             const LimbParameters<double>& parameters);

} // namespace limbflow::models
