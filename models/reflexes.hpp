// Blood pressure and heart rate in effort: central command, the muscle's chemical afferents, and a limb that takes much of the
// cardiac output when a cuff is let go. A held breath (chest pressure) is imposed by the protocol and added on top.
//
//   d(pressor)/dt = ( command drive + afferent a - fall excess flow - pressor ) / tau      mmHg of mean pressure
//   d(rate)/dt    = ( command' drive + afferent' a w(drive) - rate ) / tau                       beats/s
//   systolic = resting + s pressor + chest pressure;  diastolic = resting + d pressor + chest pressure
//
// a (0..1): metabolites around the group III and IV endings. w (0..1): how far the drive has withdrawn the vagus, smoothstep of the drive.
// The afferents quicken the heart by its sympathetic nerves; at rest the vagus, called back by the raised pressure, masks it: in ischaemia
// after work pressure stays up and heart rate falls (O'Leary 1993, J Appl Physiol 74:1748, recalled; Fisher 2010, 10.1113/jphysiol.2009.185470).
//
// The share d goes with s so that mean pressure, diastolic + 0.378 pulse pressure, rises by `pressor`.
#pragma once

#include "core/divisor.hpp"
#include "models/arterial_source.hpp"
#include "models/collapsible_vessel.hpp"

namespace limbflow::models {

/// Rise of diastolic pressure over the rise of mean pressure, where systolic pressure rises by `systolic_share` of it.
constexpr double diastolic_response_share(double systolic_share) {
  return (1.0 - pulse_shape_mean * systolic_share) / (1.0 - pulse_shape_mean);
}

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
  T systolic_share;  ///< rise of systolic pressure over the response, which is the rise of mean pressure
  T diastolic_share; ///< rise of diastolic pressure over the response
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

/// The most that the rise of heart rate (1/s) can be: at full drive and full afferent activity.
inline double largest_heart_rate_rise(const Reflexes<double>& r) { return r.command_rate + r.afferent_rate; }

} // namespace limbflow::models
