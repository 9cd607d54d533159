// Capillary refill of the nail bed: blanch, release, and time until colour is back.
//
// Pressing empties the capillaries of the nail bed; on release they fill from the arteriolar side (valves in the digital
// veins keep venous blood out): C dP/dt = g (P_a - P), P(0) = 0. Colour is back when P reaches P_colour, after
//
//   time = (C / g) ln( P_a / (P_a - P_colour) )
//
// with g the conductance from artery to nail bed: a share of its resistance (digital arteries, capillaries) is fixed, the
// rest follows the skin's arteriolar tone. C is set by the refill time at rest. A venous cuff leaves P_a as it is and hardly
// changes the time; an occluded limb's arterial pressure runs down to that of its veins and the time multiplies; below
// P_colour colour never returns, reported as `longest_refill_time`.
#pragma once

#include <algorithm>
#include <cmath>

namespace limbflow::models {

/// The longest refill time that is reported, s: an observer gives up.
inline constexpr double longest_refill_time = 20.0;

/// Capillary refill time, s. arterial_pressure: in the finger or toe, mmHg; conductance_ratio: of the skin's arterioles,
/// over rest; fixed_share: share (0..1) of the resting resistance that tone does not change; resting_time (s) at resting_pressure (mmHg); colour_pressure: capillary pressure at which colour is back, mmHg.
template <class T>
T capillary_refill_time(const T& arterial_pressure, const T& conductance_ratio, const T& fixed_share,
                        const T& resting_time, const T& resting_pressure, const T& colour_pressure) {
  using std::log;
  using std::max;
  using std::min;
  const T drive = max(T(colour_pressure * 1.0001), arterial_pressure);
  const T resistance = fixed_share + (1.0 - fixed_share) / max(T(1e-3), conductance_ratio);
  const T time = resting_time * resistance * log(drive / (drive - colour_pressure)) /
                 log(resting_pressure / (resting_pressure - colour_pressure));
  return min(time, T(longest_refill_time));
}

} // namespace limbflow::models
