// The working muscle: from the force asked for, and the blood that it gets, to its drive, its chemistry and its fatigue.
//
//   force asked --> drive --> activation of classes I, IIa, IIx --> ATP use --> phosphates, protons, lactate --> capacity --+
//                     ^                                              ^                                                      |
//                     |                        oxygen, flow ---------+                                                      |
//                     +-------------------------------------------------------------------------------------------------+
//
// A muscle that shortens gives less force at a drive, and one that lengthens more (Hill 1938, Proc R Soc B 126:136): the pool must be
// driven for the force asked over the `velocity_factor` of the movement. Where all the drive at hand is not enough for that, a lift slows down
// under its load, until it fails at the slowest lift's speed. Shortening work costs ATP on top of what the same
// activation costs an isometric muscle (Fenn): work / (efficiency * free energy of ATP). The pressure that a contraction makes in the muscle
// follows its electromyogram, not its force: where a force is kept up in fatigue both rise (Sadamoto 1983, Eur J Appl Physiol 51:395).
//
// Force that a class has left (capacity), as a product:
//   metabolic       exp(-s (H2PO4- minus its resting value))      (Lanza 2006, J Physiol 577:353, found it linear over the first half)
//   excitability    1 - k;  dk/dt = k_k a (1 - k) - (1 - a)^3 k / (tau_k + tau_w / q)   potassium in the interstitium and T tubules; back in half
//                   a minute of rest with much blood, slower with little, not without (q: flow over resting flow; tau_w: in which resting flow
//                   renews the interstitium): a muscle whose circulation is arrested gets no force back until blood returns (Merton 1954,
//                   J Physiol 123:553; recalled), and what keeps its membrane conducting is blood that carries off, not what it brings
//                   (Mortimer 1970, Am J Physiol 219:1324). Units that fire have lost force and silent ones have none to get back, so it
//                   comes back in rest, where none fires, some ten times as fast as in a hold (three-compartment models: 6 to 15 times;
//                   Rakshit 2021)
//   long-lasting    1 - l;  dl/dt = k_l a (1 - l) - l / tau_l   excitation-contraction coupling; back in many minutes
// Afferents of groups III and IV are of two kinds (Jankowski 2013, J Neurophysiol 109:2374; Amann 2015, Auton Neurosci 188:19): metaboreceptors
// answer to what ordinary work leaves and raise blood pressure and heart rate, metabonociceptors to what ischaemic work leaves; they tire
// centrally and hurt. What both sense is read as H2PO4-, which sympathetic activity follows and which raises pressure reflexly (Sinoway 1994,
// Am J Physiol 267:H770).
// Central fatigue: the drive at hand is 1 - c;  dc/dt = (c_max afferent - c) / tau_c; afferents follow the metabolites, so c holds
// while a cuff keeps them in (Bigland-Ritchie 1986, J Physiol 379:451; Kennedy 2014; recalled).
#pragma once

#include "models/collapsible_vessel.hpp"
#include "models/energetics.hpp"
#include "models/motor_units.hpp"
#include "models/oxygen.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace limbflow::models {

/// State of one fibre class.
template <class T>
struct FibreState {
  T energy, ph, lactate, excitability_loss, lasting_loss;
};

/// Constants of the working muscle.
template <class T>
struct WorkingMuscle {
  MotorUnitPool<T> pool;
  std::array<FibreEnergetics<T>, fibre_classes> fibre;
  OxygenCarriage<T> oxygen;
  RespirationOxygen<T> respiration;
  T resting_energy, resting_ph, resting_lactate, resting_dihydrogen;
  core::Divisor<T> resting_oxygen;
  T phosphate_sensitivity;  // s, 1/mM
  T excitability_gain;
  T excitability_time;    // s
  T washout_time;         // for resting flow to renew what surrounds the fibres, s
  T lasting_gain;               // 1/s
  core::Divisor<T> lasting_time; // s
  T central_maximum;
  core::Divisor<T> central_time;
  CollapseRange<T> afferent_dihydrogen; // H2PO4- above rest from no to full activity of the metabonociceptors, mM
  T metaboreceptor_dihydrogen;          // H2PO4- above rest of half the activity of the metaboreceptors, mM
  core::Divisor<T> oxygen_per_atp; // mM O2 per mM ATP
  T proton_efflux;          // mM/s per pH at and above resting flow
  T lactate_transport;      // 1/s
};

/// What a task asks of the muscle.
template <class T>
struct MuscleTask {
  T force;           // fraction of a fresh maximal isometric contraction
  T velocity_factor; // force at the speed of the movement over isometric force at the same drive
  T slowest_velocity_factor; // the same at the speed of the slowest movement that still does the task; not below velocity_factor
  T cost_factor;     // ATP of activation over that of an isometric contraction
  T work_cost;       // ATP for shortening work at the force of a fresh maximal isometric contraction, mM/s
};

/// Everything about the muscle at one moment.
template <class T>
struct MuscleMoment {
  std::array<Phosphates<T>, fibre_classes> phosphate;
  std::array<T, fibre_classes> capacity;
  std::array<T, fibre_classes> activation;
  T available_drive, needed_drive, drive; // 1 - c; what the force asked for needs; the smaller of the two
  T force;                                // given, fraction of a fresh maximum
  T maximum_force;                        // at the available drive, fraction of a fresh maximum
  T emg;                                  // fraction of a fresh maximum
  T fresh_force;                          // what a fresh pool would give at this drive and speed: what its own pressure follows
  T high_threshold;                       // activation of the type II fibres, 0..1
  T tissue_pressure;                      // oxygen, mmHg
  OxygenSupply<T> oxygen;                 // what it lets respiration do
  T afferent;                             // of metabonociceptors, 0..1
  T metaboreflex;                         // activity of metaboreceptors, 0..1
  T oxygen_deficit;                       // oxygen drawn, in stores of a resting muscle
  T energy_deficit;                       // high-energy phosphate drawn, mM ATP
};

/// Force that a class has left, 0..1. risen: its H2PO4- above rest, mM.
template <class T>
T force_left(const FibreState<T>& fibre, const T& risen, const WorkingMuscle<T>& m) {
  using std::exp;
  return exp(-m.phosphate_sensitivity * risen) * (1.0 - fibre.excitability_loss) * (1.0 - fibre.lasting_loss);
}

/// Activity (0..1) of the metaboreceptors at H2PO4- above rest (`risen`, mM): it saturates, and sets in smoothly.
template <class T>
T metaboreceptor_activity(const T& risen, const WorkingMuscle<T>& m) {
  constexpr double onset = 0.5; // mM
  const T sensed = open_pressure_integral(risen, CollapseRange<T>{T(0.0), T(onset)});
  return sensed / (sensed + m.metaboreceptor_dihydrogen);
}

/// By how much the isometric force that the muscle can give, at the drive at hand, exceeds what the task asks of the slowest movement,
/// fraction of a fresh maximum. Falls through zero where the task can be done no more.
template <class T>
T force_reserve(const std::array<FibreState<T>, fibre_classes>& fibres, const T& central_fatigue, const MuscleTask<T>& task,
                const WorkingMuscle<T>& m) {
  using std::max;
  std::array<T, fibre_classes> capacity;
  for (std::size_t k = 0; k < fibre_classes; ++k) {
    const Phosphates<T> phosphate = phosphates(fibres[k].energy, fibres[k].ph, m.fibre[k]);
    capacity[k] = force_left(fibres[k], T(max(T(0.0), phosphate.dihydrogen - m.resting_dihydrogen)), m);
  }
  return pool_force(activate(T(1.0 - central_fatigue), m.pool), capacity, m.pool) - task.force / task.slowest_velocity_factor;
}

template <class T>
MuscleMoment<T> muscle_moment(const std::array<FibreState<T>, fibre_classes>& fibres, const T& central_fatigue,
                              const T& tissue_oxygen, const MuscleTask<T>& task, const WorkingMuscle<T>& m) {
  using std::max;
  using std::min;
  MuscleMoment<T> now;
  now.oxygen_deficit = (m.resting_oxygen - tissue_oxygen) / m.resting_oxygen;
  now.energy_deficit = T(0.0);
  now.afferent = T(0.0);
  now.metaboreflex = T(0.0);
  for (std::size_t k = 0; k < fibre_classes; ++k) {
    now.phosphate[k] = phosphates(fibres[k].energy, fibres[k].ph, m.fibre[k]);
    const T risen = max(T(0.0), now.phosphate[k].dihydrogen - m.resting_dihydrogen);
    now.capacity[k] = force_left(fibres[k], risen, m);
    now.afferent = now.afferent + m.pool.share[k] * open_fraction(risen, m.afferent_dihydrogen);
    now.metaboreflex = now.metaboreflex + m.pool.share[k] * metaboreceptor_activity(risen, m);
    now.energy_deficit = now.energy_deficit + m.pool.share[k] * (m.resting_energy - fibres[k].energy);
  }
  now.tissue_pressure = tissue_oxygen_pressure(tissue_oxygen, m.oxygen);
  now.oxygen = oxygen_supply(now.tissue_pressure, m.respiration);
  now.available_drive = 1.0 - central_fatigue;
  now.needed_drive = drive_for_force(T(task.force / task.velocity_factor), now.capacity, m.pool);
  now.drive = min(now.needed_drive, now.available_drive);
  const PoolActivation<T> at = activate(now.drive, m.pool);
  now.activation = at.activation;
  const T isometric_force = pool_force(at, now.capacity, m.pool);
  now.force = min(task.force, task.slowest_velocity_factor * isometric_force);
  now.maximum_force = pool_force(activate(now.available_drive, m.pool), now.capacity, m.pool);
  now.emg = pool_force(at, {T(1.0), T(1.0), T(1.0)}, m.pool);
  constexpr double least_force = 1e-9;
  const T speed_for_force = task.force / max(T(least_force), isometric_force); // the velocity factor at which the pool gives what is asked
  now.fresh_force = now.emg * max(task.velocity_factor, min(task.slowest_velocity_factor, speed_for_force));
  now.high_threshold = (m.pool.share[1] * at.activation[1] + m.pool.share[2] * at.activation[2]) /
                       (m.pool.share[1] + m.pool.share[2]);
  return now;
}

/// Rates of change of one class, and what it exchanges with blood, per mL of that class.
template <class T>
struct FibreRates {
  FibreState<T> change;
  T oxidative;        // mM ATP/s
  T lactate_released; // mM/s
};

/// flow_ratio: flow over resting flow; blood_lactate: of the blood in the muscle, mM.
template <class T>
FibreRates<T> fibre_rates(std::size_t k, const FibreState<T>& fibre, const MuscleMoment<T>& now, const MuscleTask<T>& task,
                          const T& flow_ratio, const T& blood_lactate, const WorkingMuscle<T>& m) {
  using std::max;
  using std::min;
  const T work_use = task.work_cost * task.velocity_factor * now.activation[k] * now.capacity[k] / m.pool.full_force;
  const EnergyRates<T> energy = energy_rates(now.phosphate[k], fibre.ph, fibre.lactate, now.activation[k], task.cost_factor,
                                             work_use, now.capacity[k], now.oxygen, m.fibre[k]);
  FibreRates<T> rates;
  rates.oxidative = energy.oxidative;
  rates.change.energy = energy.oxidative + energy.glycolytic - energy.use;
  rates.lactate_released = m.lactate_transport * (fibre.lactate - blood_lactate);
  rates.change.lactate = energy.lactate_formed - rates.lactate_released;
  const T washed = min(T(1.0), max(T(0.0), flow_ratio));
  const T protons_out = m.proton_efflux * washed * (m.resting_ph - fibre.ph); // with lactate and without (Walter 1999)
  rates.change.ph = (protons_per_phosphocreatine(now.phosphate[k]) * (-rates.change.energy) - energy.lactate_formed + protons_out) /
                    buffer_capacity(now.phosphate[k], m.fibre[k]);
  const T a = now.activation[k];
  const T resting = 1.0 - a;
  const T perfused = max(T(0.0), flow_ratio);
  const T back = resting * resting * resting * perfused / (m.excitability_time * perfused + m.washout_time);
  rates.change.excitability_loss = m.excitability_gain * a * (1.0 - fibre.excitability_loss) - back * fibre.excitability_loss;
  rates.change.lasting_loss = m.lasting_gain * a * (1.0 - fibre.lasting_loss) - fibre.lasting_loss / m.lasting_time;
  return rates;
}

} // namespace limbflow::models
