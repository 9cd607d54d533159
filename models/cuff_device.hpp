// What arrives in the cuff when a device is set to a pressure.
//
//   course c(t)      what the device aims at: the set points and the ramps between them
//   delivered  p  =  c (1 - loss) + taut(c) (stiffness + stiffness_rise c) strain
//   strain        =  contraction_bulge force + shortening_bulge shortening + swelling_bulge volume change of the limb
//
// A contraction thickens the muscle, the limb grows under the cuff and squeezes the air in the bladder: its pressure rises by
// (atmospheric + cuff pressure) times the relative loss of its volume, which is limb radius / (2 bladder thickness) times the
// relative growth of the limb's cross-section. An elastic strap has no air; there stiffness is that of its material (strap.hpp).
// taut(c) is a smoothstep: a cuff that hangs loose feels nothing.
//
//   d loss / dt = regulation + creep - return
//   regulated device:    regulation = e^3 / (e^2 + dead_band^2) / (c + taut pressure) / regulator_time,  e = p - c
//                        what it lets out (e > 0) ends with the air: it fades over the last tenth of the loss
//   unregulated device:  creep = (creep_share taut - loss) / creep_time
//   return: once the cuff is empty, loss goes back to nothing in a second
//
// A regulated device lets air out and in until the set point is back: within a repetition, which is about as short as it takes,
// pressure cycles around the set point. An unregulated one only loses.
#pragma once

#include "models/collapsible_vessel.hpp"

#include <algorithm>

namespace limbflow::models {

template <class T>
struct CuffDeviceResponse {
  T stiffness;         // mmHg per relative growth of the limb's cross-section, cuff at no pressure
  T stiffness_rise;    // the same per mmHg of cuff pressure
  T contraction_bulge; // per maximal voluntary contraction
  T shortening_bulge;  // per full range of a lift
  T swelling_bulge;    // per relative growth of the limb's volume
  CollapseRange<T> tautness; // pressures from loose to taut, mmHg
  T regulator_rate;    // 1/s; none for an unregulated device
  T dead_band;         // mmHg
  T creep_rate;        // 1/s; none for a regulated device
  T creep_share;
};

/// Rate (1/s) at which an empty cuff forgets what it lost.
inline constexpr double loss_return_rate = 1.0;

/// Share of a cuff's air over which letting out fades away.
inline constexpr double last_air = 0.1;

/// How far a cuff that aims at `course` (mmHg) is taut around the limb, 0..1.
template <class T>
T cuff_tautness(const T& course, const CuffDeviceResponse<T>& device) {
  return open_fraction(course, device.tautness);
}

/// Delivered cuff pressure, mmHg. strain: relative growth of the limb's cross-section under the cuff.
template <class T>
T delivered_pressure(const T& course, const T& loss, const T& strain, const CuffDeviceResponse<T>& device) {
  return course * (1.0 - loss) +
         cuff_tautness(course, device) * (device.stiffness + device.stiffness_rise * course) * strain;
}

/// Rate of the loss, 1/s. delivered: as delivered_pressure gives it.
template <class T>
T cuff_loss_rate(const T& course, const T& delivered, const T& loss, const CuffDeviceResponse<T>& device) {
  using std::max;
  using std::min;
  const T error = delivered - course;
  const T beyond = error * error * error / (error * error + device.dead_band * device.dead_band);
  const T taut = cuff_tautness(course, device);
  const T air_left = max(T(0.0), min(T(1.0), (1.0 - loss) * (1.0 / last_air)));
  const T regulated = max(T(0.0), beyond) * air_left + min(T(0.0), beyond);
  return device.regulator_rate * regulated / (course + device.tautness.open) +
         device.creep_rate * (device.creep_share * taut - loss) - loss_return_rate * (1.0 - taut) * loss;
}

} // namespace limbflow::models
