// Blood pressure and heart rate in effort: central command, the muscle's chemical afferents, and a limb that takes much of the
// cardiac output when a cuff is let go. A held breath (chest pressure) is imposed by the protocol and added on top.
//
//   d(pressor)/dt = ( command drive + afferent a - fall excess flow - pressor ) / tau      mmHg of mean pressure
//   d(rate)/dt    = ( command' drive + afferent' a w(drive) - rate ) / tau                       beats/s
//   systolic = resting + 1.3 pressor + chest pressure;  diastolic = resting + 0.818 pressor + chest pressure
//
// a (0..1): metabolites around the group III and IV endings. w (0..1): how far the drive has withdrawn the vagus, smoothstep of the drive.
// The afferents quicken the heart by its sympathetic nerves; at rest the vagus, called back by the raised pressure, masks it: in ischaemia
// after work pressure stays up and heart rate falls (O'Leary 1993, J Appl Physiol 74:1748, recalled; Fisher 2010, 10.1113/jphysiol.2009.185470).
//
// The shares 1.3 and 0.818 make mean pressure, diastolic + 0.378 pulse pressure, rise by `pressor`. How far pulse pressure widens goes with the
// work: lifts to failure, 255/190 mmHg in curls and 320/250 in leg presses (MacDougall 1985, J Appl Physiol 58:785), less the 30-50 mmHg of
// the chest and 120/80 at rest, give a systolic share of 1.13-1.17; light curls, 150/95 free and 195/127 under a cuff (Poton & Polito 2014,
// Rev Bras Cardiol 27:104), 1.24-1.45 with 120/75 to 120/80 at rest; static holds raise both pressures alike (Petrofsky 2001).
#pragma once

#include "core/divisor.hpp"
#include "models/arterial_source.hpp"
#include "models/collapsible_vessel.hpp"

#include <cmath>

namespace limbflow::models {

/// Rise of systolic pressure over the rise of mean pressure.
inline constexpr double systolic_share = 1.3;
/// Rise of diastolic pressure over the rise of mean pressure.
inline constexpr double diastolic_share = (1.0 - pulse_shape_mean * systolic_share) / (1.0 - pulse_shape_mean);

/// Gains of the reflexes.
template <class T>
struct Reflexes {
  T command_pressure;  ///< mmHg at full drive
  T afferent_pressure; ///< mmHg at full afferent activity
  T command_rate;      ///< 1/s at full drive
  T afferent_rate;     ///< 1/s at full afferent activity, once the vagus is withdrawn
  CollapseRange<T> vagal_withdrawal; ///< drives at which the vagus begins to be withdrawn and is so
  T flow_fall;         ///< mmHg per mL/min of limb flow above rest
  core::Divisor<T> time_constant; ///< s
};

/// Rate of the pressor response, mmHg/s. excess_flow: limb flow above rest, mL/min.
template <class T>
T pressor_rate(const T& pressor, const T& drive, const T& afferent, const T& excess_flow, const Reflexes<T>& r) {
  return (r.command_pressure * drive + r.afferent_pressure * afferent - r.flow_fall * excess_flow - pressor) /
         r.time_constant;
}

/// Rate of the rise of heart rate, 1/s^2.
template <class T>
T heart_rate_rate(const T& rise, const T& drive, const T& afferent, const Reflexes<T>& r) {
  return (r.command_rate * drive + r.afferent_rate * afferent * open_fraction(drive, r.vagal_withdrawal) - rise) / r.time_constant;
}

/// The most that the rise of heart rate (1/s) can be at any time in the next `length` (s): at full drive and full afferent activity.
inline double largest_heart_rate_rise(double rise, double length, const Reflexes<double>& r) {
  const double most = r.command_rate + r.afferent_rate;
  return rise >= most ? rise : most + (rise - most) * std::exp(-length / r.time_constant);
}

} // namespace limbflow::models
