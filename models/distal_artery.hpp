// The arteries below the cuff: filled through the artery under the cuff, emptied into the beds.
//
//   source P_s(t) --->[ artery under the cuff ]---> P ---+---> resting beds   G_l [ F(P - P_o) - F_l ]
//                                                   |    +---> working muscle G_m [ F(P - imp) - F_v ]
//                                                  C_a
//
//   C_a dP/dt = inflow(P_s, P) - outflow(P)
//
// Pulsatile model: this equation as it stands.
//
// Beat-averaged model: the artery is filled in systole and holds its charge in diastole when the cuff shuts it, so mean flow is
// not the flow at mean pressure. `beat_map` walks through one beat from its first pressure, with N exponential steps of the
// linearised equation (second order, stable for any stiffness), and gives the beat's means and its last pressure.
// In steady state the beat ends where it began, and its means are the flows. While pressure still moves, means over the coming
// beat run half a beat ahead; half of (last - first) is taken off pressure and outflow, which makes an artery behind a shut cuff
// run down at its own rate; no further than to vessels that are shut. The stored volume changes by inflow minus outflow, so it is conserved to rounding.
// All pressures here are heads: pressure minus the weight of the blood column from the heart.
#pragma once

#include "models/arterial_source.hpp"
#include "models/collapsible_vessel.hpp"

#include <algorithm>
#include <cstddef>

namespace limbflow::models {

/// Steps of one beat in the averaged model.
inline constexpr std::size_t beat_steps = 32;

/// Everything around the distal arteries that changes slowly against a beat.
template <class T>
struct ArterialPath {
  T artery_conductance;      // mL/100mL/s/mmHg
  T cuff_head;               // pressure on the artery under the cuff minus the blood column to it, mmHg
  CollapseRange<T> artery;
  core::Divisor<T> compliance; // mL/100mL/mmHg
  T resting_conductance;     // G_l, sum over the resting beds
  T resting_outside_head;    // P_o, pressure outside the limb minus the blood column, mmHg
  T resting_back_integral;   // F_l, conductance-weighted over the resting beds, mmHg
  CollapseRange<T> arteriole; // of the resting beds
  T working_conductance;     // G_m
  T squeeze_head;            // imp minus the blood column, mmHg
  T working_back_integral;   // F_v, mmHg
  CollapseRange<T> vessel;
};

/// Flow through the artery under the cuff, mL/100mL/s.
template <class T>
T cuff_artery_flow(const T& source_head, const T& distal_head, const ArterialPath<T>& path) {
  return path.artery_conductance * (open_pressure_integral(source_head - path.cuff_head, path.artery) -
                                    open_pressure_integral(distal_head - path.cuff_head, path.artery));
}

/// F of the resting beds' arterioles at a distal head, mmHg.
template <class T>
T resting_integral(const T& distal_head, const ArterialPath<T>& path) {
  return open_pressure_integral(distal_head - path.resting_outside_head, path.arteriole);
}

/// Flow into the resting beds, mL/100mL/s. inlet_integral: resting_integral of the distal head, mmHg.
template <class T>
T resting_beds_flow(const T& inlet_integral, const ArterialPath<T>& path) {
  return path.resting_conductance * (inlet_integral - path.resting_back_integral);
}

/// F of the working muscle's vessels at a distal head, mmHg.
template <class T>
T working_integral(const T& distal_head, const ArterialPath<T>& path) {
  return open_pressure_integral(distal_head - path.squeeze_head, path.vessel);
}

/// Flow into the working muscle, mL/100mL/s. inlet_integral: working_integral of the distal head, mmHg.
template <class T>
T working_muscle_flow(const T& inlet_integral, const ArterialPath<T>& path) {
  return path.working_conductance * (inlet_integral - path.working_back_integral);
}

/// Means over one beat, outflow and pressure set back to its start, and the pressures that bound it.
template <class T>
struct BeatMeans {
  T inflow;          // mL/100mL/s
  T distal_head;     // mmHg
  T resting_integral; // mmHg
  T coming_head;     // mean over the coming beat, not set back, mmHg
  T working_flow;    // mL/100mL/s
  T volume_rate;     // inflow minus outflow, mL/100mL/s
  T last_head;       // mmHg
  T lowest_head;     // mmHg
  T highest_head;    // mmHg
};

/// One beat of `Steps` steps from the distal head `first_head`. period: length of the beat, s.
template <std::size_t Steps = beat_steps, class T>
BeatMeans<T> beat_map(const T& first_head, const T& diastolic_head, const T& pulse_pressure, const T& period,
                      const ArterialPath<T>& path) {
  using std::max;
  using std::min;
  const auto& shape = pulse_shape_samples<Steps>();
  constexpr double share = 1.0 / static_cast<double>(Steps);
  const T step = period * share;
  const T volume_step = path.compliance / step;
  const T per_volume_step = step / path.compliance;

  // Each vessel in its own coordinate, x = per_width head + at_zero, and its flows as the change of head that they make in a step.
  struct Branch {
    T width, per_width, at_zero, slope, gain;
    Branch(const T& conductance, const T& outside_head, const CollapseRange<T>& range, const T& per_step)
        : width(range.width), per_width(range.width.reciprocal), at_zero(-(outside_head + range.closed) * per_width),
          slope(conductance * per_step), gain(slope * width) {}
    VesselOpening<T> opening(const T& head) const { return vessel_opening(T(head * per_width + at_zero)); }
  };
  const Branch artery(path.artery_conductance, path.cuff_head, path.artery, per_volume_step);
  const Branch resting(path.resting_conductance, path.resting_outside_head, path.arteriole, per_volume_step);
  const Branch working(path.working_conductance, path.squeeze_head, path.vessel, per_volume_step);
  const T back = resting.slope * path.resting_back_integral + working.slope * path.working_back_integral;

  T head = first_head;
  T heads = T(0.0), resting_openings = T(0.0), working_openings = T(0.0); // sums over the steps
  T resting_changes = T(0.0), working_changes = T(0.0);
  BeatMeans<T> means;
  means.lowest_head = means.highest_head = first_head;
  for (std::size_t k = 0; k < Steps; ++k) {
    const T inlet = artery.opening(T(diastolic_head + shape[k] * pulse_pressure)).integral;
    const VesselOpening<T> in = artery.opening(head);
    const VesselOpening<T> beds = resting.opening(head);
    const VesselOpening<T> muscle = working.opening(head);
    const T net = artery.gain * (inlet - in.integral) - resting.gain * beds.integral - working.gain * muscle.integral + back;
    // (1 - exp(-z)) / z to second order in z, bounded for any z
    const T z = artery.slope * in.fraction + resting.slope * beds.fraction + working.slope * muscle.fraction;
    const T bounded = 1.0 + 0.5 * z;
    const T change = net * (bounded / (1.0 + z * bounded));
    heads = heads + head;
    resting_openings = resting_openings + beds.integral;
    working_openings = working_openings + muscle.integral;
    resting_changes = resting_changes + change * beds.fraction;
    working_changes = working_changes + change * muscle.fraction;
    head = head + change;
    means.lowest_head = min(means.lowest_head, head);
    means.highest_head = max(means.highest_head, head);
  }
  means.last_head = head;
  // in the middle of each step
  const T rise = head - first_head;
  means.coming_head = share * heads + 0.5 * share * rise;
  const T coming_resting = share * (resting.width * resting_openings + 0.5 * resting_changes);
  const T coming_working = share * (working.width * working_openings + 0.5 * working_changes);
  means.inflow = share * volume_step * rise + resting_beds_flow(coming_resting, path) + working_muscle_flow(coming_working, path);
  means.distal_head = means.coming_head - 0.5 * rise;
  means.working_flow = working_muscle_flow(
      max(T(0.0), coming_working - 0.5 * (working_integral(head, path) - working_integral(first_head, path))), path);
  means.resting_integral = max(T(0.0), coming_resting - 0.5 * (resting_integral(head, path) - resting_integral(first_head, path)));
  means.volume_rate = means.inflow - resting_beds_flow(means.resting_integral, path) - means.working_flow;
  return means;
}

/// What one beat is worked out from.
template <class T>
struct BeatInputs {
  T first_head, diastolic_head, pulse_pressure; // mmHg
  T period;                                     // s
  ArterialPath<T> path;
};
template <class T>
BeatMeans<T> beat_map(const BeatInputs<T>& of) {
  return beat_map(of.first_head, of.diastolic_head, of.pulse_pressure, of.period, of.path);
}

} // namespace limbflow::models
