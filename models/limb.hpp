// The whole limb below a cuff: which organs there are and which signals pass between them.
//
//             cuff                                    working muscle  (squeezed by its own contraction)
//   heart ->[artery]-> distal arteries --+--> bed --+
//               .                        +--> bed --+--> deep veins ---------->[vein]--> central veins
//               .                        |  inactive muscle   ^   \....... collateral .......>
//               .                        |                    | perforators
//               .                        +--> bed ------> superficial veins -->[vein]--> central veins
//               .                           skin
//             cuff           capillaries <-- Starling --> interstitium --> lymph
//
// States, per 100 mL of tissue below the cuff: see limb_tables.hpp. The two fidelities share every equation here; they differ only in
// how the distal arteries fill (distal_artery.hpp): beat by beat, or as the mean over a beat.
// Pressures called `head` are pressures minus the weight of the blood column from the heart.
#pragma once

#include "core/model.hpp"
#include "core/scalar.hpp"
#include "models/arterial_source.hpp"
#include "models/capillary_refill.hpp"
#include "models/cuff_transmission.hpp"
#include "models/distal_artery.hpp"
#include "models/filtration.hpp"
#include "models/limb_parameters.hpp"
#include "models/limb_tables.hpp"
#include "models/vascular_bed.hpp"
#include "models/veins.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace limbflow::models {

/// The limb as a core::Model. `Pulsatile` resolves the heart beat; otherwise flows are means over a beat.
template <bool Pulsatile>
struct Limb {
  static constexpr std::size_t state_count = limb_state_count;
  using SignalParts = models::SignalParts;
  static constexpr std::size_t most_signals = all_signal_count;
  template <class T>
  using Parameters = LimbParameters<T>;
  template <class T>
  using Controls = LimbControls<T>;

  static std::span<const core::StateInfo> states() { return limb_states; }
  static std::span<const core::SignalInfo> signals() { return limb_signals; }

  template <class T>
  static void rhs(const T& t, const T* y, T* dydt, const LimbParameters<T>& p, const LimbControls<T>& c) {
    const auto fibres = fibre_states(y);
    const MuscleMoment<T> muscle = moment(fibres, y, p, c);
    const Pressures<T> at = pressures(t, y, p, c, muscle);
    const Flows<T> flow = flows(y, p, at, Beats::needed);

    dydt[arterial_volume] = flow.arterial_volume_rate;
    dydt[deep_venous_volume] =
        flow.working + flow.inactive + flow.perforator - flow.deep_outflow - flow.collateral - flow.muscle_filtration;
    dydt[superficial_venous_volume] = flow.skin - flow.perforator - flow.superficial_outflow - flow.skin_filtration;
    dydt[deep_slow_volume] = flow.deep_late_filling;
    dydt[superficial_slow_volume] = flow.superficial_late_filling;
    dydt[interstitial_volume] = flow.muscle_filtration + flow.skin_filtration - flow.lymph;
    dydt[inflow_volume] = flow.inflow;
    dydt[outflow_volume] = flow.deep_outflow + flow.superficial_outflow + flow.collateral;
    dydt[lymph_volume] = flow.lymph;

    const BedRegulation<T>& muscle_bed = p.muscle_bed;
    const BedRegulation<T>& skin_bed = p.skin_bed;
    dydt[active_perfusion] = perfusion_rate(y[active_perfusion], flow.working / p.active_resting_flow, muscle_bed);
    dydt[inactive_perfusion] = perfusion_rate(y[inactive_perfusion], flow.inactive / p.inactive_resting_flow, muscle_bed);
    dydt[skin_perfusion] = perfusion_rate(y[skin_perfusion], flow.skin / p.skin_resting_flow, skin_bed);
    dydt[inactive_deficit] = deficit_rate(y[inactive_deficit], y[inactive_perfusion], muscle_bed);
    dydt[skin_deficit] = deficit_rate(y[skin_deficit], y[skin_perfusion], skin_bed);

    const auto arteriolar_change = [&](const T& arteriole, const T& tissue) {
      return arteriole - tissue - p.resting_arteriolar_pressure;
    };
    // The arterioles of the working muscle lie at its height, those of the beds at rest in the middle of the limb.
    const T working_arteriole = flow.muscle_arteriole + p.hydrostatic_muscle - p.hydrostatic_limb;
    const T working_change = working_arteriole - at.muscle_squeeze - p.resting_working_arteriolar_pressure;
    const T working_need =
        muscle.oxygen_deficit / muscle_bed.half_dilation_deficit + muscle.energy_deficit / p.half_dilation_energy;
    dydt[active_tone] =
        tone_rate(y[active_tone], tone_target(working_need, working_change, at.deep_distension, muscle_bed), muscle_bed);
    dydt[inactive_tone] =
        tone_rate(y[inactive_tone],
                  tone_target(T(y[inactive_deficit] / muscle_bed.half_dilation_deficit),
                              arteriolar_change(flow.muscle_arteriole, at.external_muscle), at.deep_distension, muscle_bed),
                  muscle_bed);
    dydt[skin_tone] =
        tone_rate(y[skin_tone],
                  tone_target(T(y[skin_deficit] / skin_bed.half_dilation_deficit),
                              arteriolar_change(flow.skin_arteriole, at.external_skin), at.superficial_distension, skin_bed),
                  skin_bed);

    chemistry(y, dydt, p, c, fibres, muscle);

    const T limb_flow = (flow.inflow - p.active_resting_flow - p.inactive_resting_flow - p.skin_resting_flow) *
                        p.tissue_volume * 0.6; // mL/min above rest
    dydt[central_fatigue] =
        (p.muscle.central_maximum * muscle.afferent - y[central_fatigue]) / p.muscle.central_time;
    dydt[pressor] = pressor_rate(y[pressor], muscle.drive, muscle.metaboreflex, limb_flow, p.reflexes);
    dydt[heart_rate_rise] = heart_rate_rate(y[heart_rate_rise], muscle.drive, muscle.metaboreflex, p.reflexes);
    dydt[heart_phase] = at.heart_rate;
    dydt[cuff_loss] = cuff_loss_rate(at.cuff_course, at.cuff, y[cuff_loss], p.device);
    dydt[nerve_dose] = at.cuff * (1.0 / 60.0);
  }

  template <class T>
  static void evaluate_signals(const T& t, const T* y, const LimbParameters<T>& p, const LimbControls<T>& c, T* out,
                               const SignalParts& parts = {}) {
    const auto fibres = fibre_states(y);
    const MuscleMoment<T> muscle = moment(fibres, y, p, c);
    const Pressures<T> at = pressures(t, y, p, c, muscle);
    const Flows<T> flow = flows(y, p, at, parts.pulse ? Beats::next : parts.refill ? Beats::coming : Beats::needed);
    using std::max;
    const T pulse_pressure = at.systolic - at.diastolic;
    const T to_limb = p.tissue_volume * 0.01;        // mL/100mL to mL
    const T to_limb_per_minute = p.tissue_volume * 0.6; // mL/100mL/s to mL/min
    const T artery = flow.distal_head + p.hydrostatic_limb;

    out[signal_cuff_pressure_set] = c.cuff_pressure_set;
    out[signal_cuff_pressure] = at.cuff;
    // The occlusion pressure follows the systolic pressure at the cuff. In a limb held so high that it has no pulse both are
    // nothing; then a pressure of 1 mmHg counts as occluding.
    const auto above_nothing = [](const T& pressure) { return max(T(1.0), pressure); };
    out[signal_cuff_pressure_aop] = at.cuff / above_nothing(p.occlusion_pressure) *
                                    above_nothing(p.systolic_pressure + p.hydrostatic_cuff) /
                                    above_nothing(at.systolic + p.hydrostatic_cuff);
    out[signal_nerve_pressure_dose] = y[nerve_dose];
    out[signal_mean_arterial_pressure] = at.diastolic + pulse_shape_mean * pulse_pressure;
    out[signal_systolic_pressure] = at.systolic;
    out[signal_diastolic_pressure] = at.diastolic;
    out[signal_heart_rate] = 60.0 * at.heart_rate;
    out[signal_rate_pressure_product] = 60.0 * at.heart_rate * at.systolic;
    out[signal_arterial_inflow] = flow.inflow * to_limb_per_minute;
    out[signal_muscle_flow] = (flow.working + flow.inactive) * to_limb_per_minute;
    out[signal_working_muscle_flow] = flow.working * to_limb_per_minute;
    out[signal_skin_flow] = flow.skin * to_limb_per_minute;
    out[signal_venous_outflow] = (flow.deep_outflow + flow.superficial_outflow + flow.collateral) * to_limb_per_minute;
    out[signal_filtration_flow] = (flow.muscle_filtration + flow.skin_filtration) * to_limb_per_minute;
    out[signal_lymph_flow] = flow.lymph * to_limb_per_minute;
    out[signal_distal_arterial_pressure] = artery;
    out[signal_capillary_pressure] = flow.muscle_capillary;
    out[signal_deep_venous_pressure] = at.deep_head + p.hydrostatic_limb;
    out[signal_superficial_venous_pressure] = at.superficial_head + p.hydrostatic_limb;
    out[signal_intramuscular_pressure] = at.interstitial + at.muscle_squeeze;
    out[signal_interstitial_pressure] = at.interstitial;
    out[signal_venous_volume] = (y[deep_venous_volume] + y[superficial_venous_volume]) * to_limb;
    out[signal_limb_volume_change] = volume_change(y, p);
    out[signal_muscle_conductance] = y[active_tone];
    out[signal_skin_conductance] = y[skin_tone];
    out[signal_oxygen_deficit] =
        muscle.oxygen_deficit + muscle.energy_deficit * p.muscle.oxygen_per_atp / p.muscle.resting_oxygen;
    tissue_signals(y, p, fibres, muscle, out);
    out[signal_capillary_refill_time] =
        parts.refill ? capillary_refill_time(T(flow.coming_head + p.hydrostatic_limb - at.external_skin), y[skin_tone],
                                             p.refill_fixed_share, p.resting_refill_time, p.resting_arterial_pressure,
                                             p.refill_colour_pressure)
                     : T(0.0);
    out[signal_pulse_amplitude] =
        parts.pulse ? T(flow.pulse_pressure / (pulse_shape_range<beat_steps>() * p.pulse_gain * pulse_pressure)) : T(0.0);
    if (parts.fibres)
      class_signals(fibres, muscle, out + limb_signal_count);
  }

  /// The set fails when the force asked for exceeds what the drive at hand gives in the slowest lift.
  static std::span<const core::EventInfo> events() {
    static constexpr std::array<core::EventInfo, 1> table{{{"set failed", -1, true}}};
    return table;
  }

  template <class T>
  static void evaluate_events(const T&, const T* y, const LimbParameters<T>& p, const LimbControls<T>& c, T* out) {
    out[0] = force_reserve(fibre_states(y), y[central_fatigue], task(c), p.muscle);
  }

private:
  // Pressures (mmHg) that follow from the state and the controls alone.
  template <class T>
  struct Pressures {
    T systolic, diastolic, central_venous, heart_rate; // at heart level; beats/s
    T cuff_course, cuff;                       // cuff gauge: aimed at; delivered
    T cuff_artery, cuff_superficial;           // on artery and deep veins; on superficial veins
    T external_muscle, external_skin;          // from outside compression
    T interstitial;                            // fluid pressure
    T contraction, muscle_squeeze;             // what contraction adds in working muscle; with outside compression
    VenousFilling<T> deep, superficial;        // volumes of the veins as if all filled alike
    T deep_distension, superficial_distension; // venous transmural pressures
    T deep_head, superficial_head;
  };

  template <class T>
  struct Flows { // mL/100mL/s and mmHg
    T inflow, working, inactive, skin, arterial_volume_rate;
    T distal_head, resting_integral, muscle_capillary, skin_capillary;
    T muscle_arteriole, skin_arteriole; // half way down the fall of pressure in the arterioles
    T coming_head, pulse_pressure; // mean of the coming beat, pulse of the one after it; only if asked for
    T perforator, deep_outflow, superficial_outflow, collateral;
    T deep_late_filling, superficial_late_filling; // into the veins that fill late
    T muscle_filtration, skin_filtration, lymph;
  };

  template <class T>
  static std::array<FibreState<T>, fibre_classes> fibre_states(const T* y) {
    std::array<FibreState<T>, fibre_classes> fibres;
    for (std::size_t k = 0; k < fibre_classes; ++k)
      fibres[k] = {y[fibre_energy + k], y[fibre_ph + k], y[fibre_lactate + k], y[fibre_excitability_loss + k],
                   y[fibre_lasting_loss + k]};
    return fibres;
  }

  template <class T>
  static MuscleMoment<T> moment(const std::array<FibreState<T>, fibre_classes>& fibres, const T* y,
                                const LimbParameters<T>& p, const LimbControls<T>& c) {
    return muscle_moment(fibres, y[central_fatigue], y[muscle_oxygen], task(c), p.muscle);
  }

  template <class T>
  static MuscleTask<T> task(const LimbControls<T>& c) {
    return {c.force, c.velocity_factor, c.slowest_velocity_factor, c.cost_factor, c.work_cost};
  }

  // Blood and tissue fluid gained since rest, mL/100mL.
  template <class T>
  static T volume_change(const T* y, const LimbParameters<T>& p) {
    return y[arterial_volume] + y[deep_venous_volume] + y[superficial_venous_volume] + y[interstitial_volume] -
           p.reference_volume;
  }

  // Blood that passes the capillaries of the working muscle, mL per mL of muscle and second.
  template <class T>
  static T muscle_perfusion(const T* y, const LimbParameters<T>& p) {
    using std::max;
    return max(T(0.0), y[active_perfusion]) * p.active_resting_flow / p.muscle_volume;
  }

  // Fibres, oxygen and lactate of the working muscle.
  template <class T>
  static void chemistry(const T* y, T* dydt, const LimbParameters<T>& p, const LimbControls<T>& c,
                        const std::array<FibreState<T>, fibre_classes>& fibres, const MuscleMoment<T>& muscle) {
    const WorkingMuscle<T>& m = p.muscle;
    const T perfusion = muscle_perfusion(y, p);
    T oxidative = T(0.0);
    T released = T(0.0);
    for (std::size_t k = 0; k < fibre_classes; ++k) {
      const FibreRates<T> rates = fibre_rates(k, fibres[k], muscle, task(c), y[active_perfusion], y[capillary_lactate], m);
      dydt[fibre_energy + k] = rates.change.energy;
      dydt[fibre_ph + k] = rates.change.ph;
      dydt[fibre_lactate + k] = rates.change.lactate;
      dydt[fibre_excitability_loss + k] = rates.change.excitability_loss;
      dydt[fibre_lasting_loss + k] = rates.change.lasting_loss;
      oxidative = oxidative + m.pool.share[k] * rates.oxidative;
      released = released + m.pool.share[k] * rates.lactate_released;
    }
    const T arterial = m.oxygen.haemoglobin * m.oxygen.arterial_saturation;
    const T capillary_pressure = blood_oxygen_pressure(T(y[capillary_oxygen] / m.oxygen.haemoglobin),
                                                       capillary_ph(p, mean_ph(fibres, m)), m.oxygen);
    const T diffused = m.oxygen.diffusion * y[active_tone] * (capillary_pressure - muscle.tissue_pressure);
    dydt[muscle_oxygen] = diffused - oxidative * m.oxygen_per_atp;
    dydt[capillary_oxygen] = (perfusion * (arterial - y[capillary_oxygen]) - diffused) / m.oxygen.capillary_volume;
    dydt[capillary_lactate] =
        (released - perfusion * (y[capillary_lactate] - y[blood_lactate])) / p.muscle_lactate_volume;
    const T leaving = perfusion * (y[capillary_lactate] - y[blood_lactate]) * p.muscle_volume * 0.01 * p.tissue_volume;
    dydt[blood_lactate] = p.working_limbs * leaving / p.lactate_distribution -
                          p.lactate_clearance * (y[blood_lactate] - p.resting_blood_lactate);
  }

  // What is read off the working muscle and the blood that leaves the limb.
  template <class T>
  static void tissue_signals(const T* y, const LimbParameters<T>& p,
                             const std::array<FibreState<T>, fibre_classes>& fibres, const MuscleMoment<T>& muscle, T* out) {
    using std::max;
    using std::min;
    const WorkingMuscle<T>& m = p.muscle;
    const OxygenCarriage<T>& o = m.oxygen;
    T atp = T(0.0), creatine_phosphate = T(0.0), phosphate = T(0.0), lactate = T(0.0), weighted_ph = T(0.0);
    for (std::size_t k = 0; k < fibre_classes; ++k) {
      const T share = m.pool.share[k];
      atp = atp + share * muscle.phosphate[k].atp;
      creatine_phosphate = creatine_phosphate + share * muscle.phosphate[k].phosphocreatine;
      phosphate = phosphate + share * muscle.phosphate[k].inorganic;
      lactate = lactate + share * fibres[k].lactate;
      weighted_ph = weighted_ph + share * muscle.phosphate[k].inorganic * fibres[k].ph;
    }
    out[signal_atp] = atp;
    out[signal_phosphocreatine] = creatine_phosphate;
    out[signal_inorganic_phosphate] = phosphate;
    out[signal_muscle_lactate] = lactate;
    out[signal_muscle_ph] = weighted_ph / phosphate;

    // Near-infrared light sees haemoglobin of small vessels and myoglobin.
    const T capillary = max(T(0.0), y[capillary_oxygen]) / o.haemoglobin; // integration may leave a trace less than nothing
    out[signal_muscle_oxygen_saturation] =
        100.0 * ((1.0 - p.myoglobin_light_share) * capillary +
                 p.myoglobin_light_share * myoglobin_saturation(muscle.tissue_pressure, o));
    const T pooled = max(T(0.0), (y[deep_venous_volume] - p.reference_deep_volume) / p.deep_share * 0.01); // mL per mL muscle
    const T tetramers = o.haemoglobin * 0.25 * 1000.0;                                                      // uM of blood
    out[signal_total_haemoglobin_change] = tetramers * pooled;
    out[signal_deoxyhaemoglobin_change] =
        tetramers * ((p.light_blood_volume + pooled) * (1.0 - capillary) -
                     p.light_blood_volume * (1.0 - p.resting_capillary_oxygen / o.haemoglobin));
    out[signal_tissue_po2] = muscle.tissue_pressure;
    const T arterial = o.haemoglobin * o.arterial_saturation;
    out[signal_muscle_oxygen_uptake] = muscle_perfusion(y, p) * (arterial - y[capillary_oxygen]);

    // Venous blood: a mixture of the three beds.
    const auto resting_bed = [&](const T& deficit, const T& perfusion, const BedRegulation<T>& bed) {
      return T(o.arterial_saturation * (1.0 - extracted_share(deficit, perfusion, bed)));
    };
    const T least = 1e-6 * (p.active_resting_flow + p.inactive_resting_flow + p.skin_resting_flow);
    const T working = max(least, y[active_perfusion] * p.active_resting_flow);
    const T inactive = max(least, y[inactive_perfusion] * p.inactive_resting_flow);
    const T skin = max(least, y[skin_perfusion] * p.skin_resting_flow);
    const T all = working + inactive + skin;
    const T saturation = (working * capillary + inactive * resting_bed(y[inactive_deficit], y[inactive_perfusion], p.muscle_bed) +
                          skin * resting_bed(y[skin_deficit], y[skin_perfusion], p.skin_bed)) /
                         all;
    const T venous_lactate = (working * y[capillary_lactate] + (inactive + skin) * y[blood_lactate]) / all;
    const T lactate_risen = venous_lactate - p.resting_blood_lactate;
    const T carbon_dioxide = venous_carbon_dioxide(saturation, lactate_risen, p);
    out[signal_venous_oxygen_saturation] = 100.0 * saturation;
    out[signal_venous_lactate] = venous_lactate;
    out[signal_venous_ph] = 7.40 - p.blood_ph_per_carbon_dioxide * (carbon_dioxide - 40.0) -
                            p.blood_ph_per_lactate * lactate_risen;
    out[signal_blood_lactate] = y[blood_lactate];

    out[signal_motor_drive] = muscle.drive;
    out[signal_high_threshold_recruitment] = muscle.high_threshold;
    out[signal_emg_amplitude] = 100.0 * muscle.emg;
    out[signal_force] = muscle.force;
    out[signal_force_capacity] = muscle.maximum_force;
    out[signal_perceived_effort] = 10.0 * min(T(1.0), muscle.needed_drive / muscle.available_drive);
    out[signal_discomfort] =
        10.0 * (1.0 - (1.0 - 0.7 * muscle.afferent) * (1.0 - 0.35 * min(T(1.0), out[signal_cuff_pressure_aop])));
    const T osmoles = lactate - m.resting_lactate + p.resting_phosphocreatine - creatine_phosphate;
    out[signal_muscle_thickness_change] =
        (y[deep_venous_volume] - p.reference_deep_volume) / p.deep_share +
        (y[interstitial_volume] - p.reference_interstitial_volume) +
        100.0 * p.osmotic_share * max(T(0.0), osmoles) / p.osmolality;
  }

  // What is read off each fibre class, [fibre signal][class].
  template <class T>
  static void class_signals(const std::array<FibreState<T>, fibre_classes>& fibres, const MuscleMoment<T>& muscle, T* out) {
    for (std::size_t k = 0; k < fibre_classes; ++k) {
      const auto put = [&](FibreSignal signal, const T& value) { out[signal * fibre_classes + k] = value; };
      put(fibre_signal_atp, muscle.phosphate[k].atp);
      put(fibre_signal_phosphocreatine, muscle.phosphate[k].phosphocreatine);
      put(fibre_signal_inorganic_phosphate, muscle.phosphate[k].inorganic);
      put(fibre_signal_lactate, fibres[k].lactate);
      put(fibre_signal_ph, fibres[k].ph);
      put(fibre_signal_activation, muscle.activation[k]);
      put(fibre_signal_force_capacity, muscle.capacity[k]);
    }
  }

  // Carbon dioxide pressure of venous blood, mmHg: what oxygen was exchanged for, and what lactic acid drives out of bicarbonate.
  template <class T>
  static T venous_carbon_dioxide(const T& saturation, const T& lactate_risen, const LimbParameters<T>& p) {
    return 40.0 + 0.85 * p.muscle.oxygen.haemoglobin * (p.muscle.oxygen.arterial_saturation - saturation) / p.carbon_dioxide_slope +
           p.carbon_dioxide_per_lactate * lactate_risen;
  }

  // Mean pH of the working muscle's fibres by volume.
  template <class T>
  static T mean_ph(const std::array<FibreState<T>, fibre_classes>& fibres, const WorkingMuscle<T>& m) {
    T mean = T(0.0);
    for (std::size_t k = 0; k < fibre_classes; ++k)
      mean = mean + m.pool.share[k] * fibres[k].ph;
    return mean;
  }

  // pH of the blood in the working muscle's capillaries: it follows the muscle half way.
  template <class T>
  static T capillary_ph(const LimbParameters<T>& p, const T& muscle_ph) {
    return 7.4 - 0.5 * (p.muscle.resting_ph - muscle_ph);
  }

  // Veins of a depth: their volume and what of it lies in late-filling ones, brought to the reference limb.
  template <class T>
  static VenousFilling<T> filling(const T& volume, const T& slow_volume, const core::Divisor<T>& main_scale,
                                  const core::Divisor<T>& late_scale) {
    return {(volume - slow_volume) / main_scale, slow_volume / late_scale};
  }

  template <class T>
  static Pressures<T> pressures(const T& t, const T* y, const LimbParameters<T>& p, const LimbControls<T>& c,
                                const MuscleMoment<T>& muscle) {
    Pressures<T> at;
    at.systolic = p.systolic_pressure + p.reflexes.systolic_share * y[pressor] + c.chest_pressure;
    at.diastolic = p.diastolic_pressure + p.reflexes.diastolic_share * y[pressor] + c.chest_pressure;
    at.central_venous = p.central_venous_pressure + c.chest_pressure;
    at.heart_rate = p.heart_rate + y[heart_rate_rise];
    at.cuff_course = c.cuff_pressure_begin + c.cuff_pressure_rate * (t - c.segment_begin);
    const T shortening = c.shortening_begin + c.shortening_rate * (t - c.segment_begin);
    const T strain = p.device.contraction_bulge * muscle.force + p.device.shortening_bulge * shortening +
                     p.device.swelling_bulge * 0.01 * volume_change(y, p);
    at.cuff = delivered_pressure(at.cuff_course, y[cuff_loss], strain, p.device);
    const T pressing = pressing_pressure(at.cuff, p.cuff_pull);
    at.cuff_artery = p.artery_transmission * pressing;
    at.cuff_superficial = p.superficial_transmission * pressing;
    at.external_muscle = p.external_muscle_share * c.external_pressure;
    at.external_skin = p.external_skin_share * c.external_pressure;
    at.interstitial =
        interstitial_pressure(y[interstitial_volume], p.resting_interstitial_pressure, p.interstitial_compliance);
    at.contraction = p.intramuscular_gain * muscle.fresh_force +
                     p.intramuscular_first * muscle.fresh_force / (muscle.fresh_force + p.intramuscular_first_force);
    at.muscle_squeeze = at.contraction + at.external_muscle;

    at.deep = filling(y[deep_venous_volume], y[deep_slow_volume], p.deep_main_scale, p.deep_late_scale);
    at.superficial =
        filling(y[superficial_venous_volume], y[superficial_slow_volume], p.superficial_main_scale, p.superficial_late_scale);
    at.deep_distension = venous_pressure(at.deep.main, p.venous_curve);
    at.superficial_distension = venous_pressure(at.superficial.main, p.venous_curve);
    at.deep_head = at.deep_distension + p.active_share * at.contraction + at.external_muscle - p.hydrostatic_limb;
    at.superficial_head = at.superficial_distension + at.external_skin - p.hydrostatic_limb;
    return at;
  }

  // Beats that are worked out below the cuff: what the flows need; the coming one, for refill; the one after it too, for the pulse.
  enum class Beats { needed, coming, next };

  template <class T>
  static Flows<T> flows(const T* y, const LimbParameters<T>& p, const Pressures<T>& at, Beats beats) {
    Flows<T> flow;
    const T inactive_conductance = p.inactive_conductance * y[inactive_tone];
    const T skin_conductance = p.skin_conductance * y[skin_tone];
    ArterialPath<T> path;
    path.artery_conductance = p.artery_conductance;
    path.cuff_head = at.cuff_artery - p.hydrostatic_cuff;
    path.artery = p.artery;
    path.compliance = p.arterial_compliance;
    path.resting_conductance = inactive_conductance + skin_conductance;
    path.resting_outside_head = at.external_muscle - p.hydrostatic_limb;
    path.arteriole =
        arteriole_range(T(path.resting_conductance / (p.inactive_conductance + p.skin_conductance)), p.arteriole);
    const T deep_integral = resting_integral(at.deep_head, path);
    const T superficial_integral = resting_integral(at.superficial_head, path);
    path.resting_back_integral =
        (inactive_conductance * deep_integral + skin_conductance * superficial_integral) / path.resting_conductance;
    path.working_conductance = p.active_conductance * y[active_tone];
    path.squeeze_head = at.interstitial + at.muscle_squeeze - p.hydrostatic_muscle;
    path.vessel = p.vessel;
    path.working_back_integral = open_pressure_integral(at.deep_head - path.squeeze_head, path.vessel);

    const T stored_head = y[arterial_volume] / p.arterial_compliance + at.external_muscle - p.hydrostatic_limb;
    const T arm_pulse = at.systolic - at.diastolic;
    const T pulse_pressure = p.pulse_gain * arm_pulse;
    const T diastolic = at.diastolic + pulse_shape_mean * (arm_pulse - pulse_pressure);
    const auto beat = [&](const T& first_head) {
      return core::condensed(BeatInputs<T>{first_head, diastolic, pulse_pressure, T(1.0 / at.heart_rate), path},
                                [](const auto& of) { return beat_map(of); });
    };
    BeatMeans<T> coming{};
    if constexpr (Pulsatile) {
      const T source = diastolic + pulse_shape(y[heart_phase]) * pulse_pressure;
      flow.inflow = cuff_artery_flow(source, stored_head, path);
      flow.working = working_muscle_flow(working_integral(stored_head, path), path);
      flow.distal_head = stored_head;
      flow.resting_integral = resting_integral(stored_head, path);
      flow.arterial_volume_rate = flow.inflow - flow.working - resting_beds_flow(flow.resting_integral, path);
    } else {
      coming = beat(stored_head);
      flow.inflow = coming.inflow;
      flow.working = coming.working_flow;
      flow.distal_head = coming.distal_head;
      flow.resting_integral = coming.resting_integral;
      flow.arterial_volume_rate = coming.volume_rate;
    }
    if (beats != Beats::needed) {
      if constexpr (Pulsatile)
        coming = beat(stored_head);
      flow.coming_head = coming.coming_head;
    }
    if (beats == Beats::next) {
      const BeatMeans<T> next = beat(coming.last_head);
      flow.pulse_pressure = next.highest_head - next.lowest_head;
    }
    flow.inactive = inactive_conductance * (flow.resting_integral - deep_integral);
    flow.skin = skin_conductance * (flow.resting_integral - superficial_integral);
    const auto before_arterioles = [&](const T& back_integral) {
      return flow.distal_head + p.hydrostatic_limb - 0.5 * (flow.resting_integral - back_integral);
    };
    flow.muscle_arteriole = before_arterioles(deep_integral);
    flow.skin_arteriole = before_arterioles(superficial_integral);

    const auto capillary = [&](const T& venous_head) {
      return venous_head + p.post_capillary_share * (flow.distal_head - venous_head) + p.hydrostatic_limb;
    };
    flow.muscle_capillary = capillary(at.deep_head);
    flow.skin_capillary = capillary(at.superficial_head);
    // a contraction squeezes capillaries, and so their veins' pressure, from outside
    const T around_muscle = at.external_muscle + p.active_share * (at.muscle_squeeze - at.external_muscle);
    using std::max;
    const T muscle_blood = max(T(0.0), y[active_perfusion]) * p.active_resting_flow +
                           max(T(0.0), y[inactive_perfusion]) * p.inactive_resting_flow;
    const T skin_blood = max(T(0.0), y[skin_perfusion]) * p.skin_resting_flow;
    flow.muscle_filtration = capillary_filtration(T(flow.muscle_capillary - around_muscle), at.interstitial, muscle_blood,
                                                  p.capillary_wall(p.deep_share));
    flow.skin_filtration = capillary_filtration(T(flow.skin_capillary - at.external_skin), at.interstitial, skin_blood,
                                                p.capillary_wall(T(1.0 - p.deep_share)));
    flow.lymph =
        lymph_flow(y[interstitial_volume], p.resting_lymph_flow, p.lymph_gain, at.cuff_superficial, p.lymph_stopping);

    const auto late = [&](const VenousFilling<T>& veins, const T& share) {
      return share * p.vein_scale * late_filling(veins, p.late_vein_share, p.late_filling_time, p.late_drainage_time);
    };
    flow.deep_late_filling = late(at.deep, p.deep_share);
    flow.superficial_late_filling = late(at.superficial, T(1.0 - p.deep_share));
    const T deep_conductance = emptying_conductance(at.deep.main, p.venous_curve);
    const T superficial_conductance = emptying_conductance(at.superficial.main, p.venous_curve);
    flow.perforator =
        p.perforator_conductance * superficial_conductance * valve(T(at.superficial_head - at.deep_head), p.valve_opening);
    const auto under_cuff = [&](const T& head, const T& cuff) { return head + p.hydrostatic_cuff - cuff; };
    flow.deep_outflow = outflow_past_cuff(under_cuff(at.deep_head, at.cuff_artery),
                                          under_cuff(at.central_venous, at.cuff_artery),
                                          T(p.deep_share * p.venous_conductance * deep_conductance), p.vein, p.valve_opening);
    flow.superficial_outflow =
        outflow_past_cuff(under_cuff(at.superficial_head, at.cuff_superficial),
                          under_cuff(at.central_venous, at.cuff_superficial),
                          T((1.0 - p.deep_share) * p.venous_conductance * superficial_conductance), p.vein, p.valve_opening);
    flow.collateral = p.collateral_conductance * deep_conductance * valve(T(at.deep_head - at.central_venous), p.valve_opening);
    return flow;
  }
};

using PulsatileLimb = Limb<true>;
using AveragedLimb = Limb<false>;

} // namespace limbflow::models
