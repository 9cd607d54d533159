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
// States, per 100 mL of tissue below the cuff: see `LimbState`. The two fidelities share every equation here; they differ only in
// how the distal arteries fill (distal_artery.hpp): beat by beat, or as the mean over a beat.
// Pressures called `head` are pressures minus the weight of the blood column from the heart.
#pragma once

#include "core/model.hpp"
#include "models/arterial_source.hpp"
#include "models/capillary_refill.hpp"
#include "models/distal_artery.hpp"
#include "models/filtration.hpp"
#include "models/limb_parameters.hpp"
#include "models/vascular_bed.hpp"
#include "models/veins.hpp"

#include <array>
#include <cstddef>
#include <limits>
#include <span>

namespace limbflow::models {

enum LimbState : std::size_t {
  arterial_volume,        // distal arteries; averaged model: at the start of a beat (arterial_source.hpp)
  deep_venous_volume,
  superficial_venous_volume,
  interstitial_volume,    // gained since supine rest
  active_deficit,         // oxygen deficit of working muscle, in stores
  inactive_deficit,
  skin_deficit,
  active_perfusion,       // flow that capillary exchange sees, over resting flow
  inactive_perfusion,
  skin_perfusion,
  active_tone,            // conductance over resting conductance
  inactive_tone,
  skin_tone,
  inflow_volume,          // blood that came in through the artery since the start
  outflow_volume,         // blood that left through veins since the start
  lymph_volume,           // fluid that left as lymph since the start
  limb_state_count
};

enum LimbSignal : std::size_t {
  signal_cuff_pressure_set,
  signal_cuff_pressure,
  signal_cuff_pressure_aop,
  signal_mean_arterial_pressure,
  signal_systolic_pressure,
  signal_diastolic_pressure,
  signal_heart_rate,
  signal_rate_pressure_product,
  signal_arterial_inflow,
  signal_muscle_flow,
  signal_skin_flow,
  signal_venous_outflow,
  signal_filtration_flow,
  signal_lymph_flow,
  signal_distal_arterial_pressure,
  signal_capillary_pressure,
  signal_deep_venous_pressure,
  signal_superficial_venous_pressure,
  signal_intramuscular_pressure,
  signal_interstitial_pressure,
  signal_venous_volume,
  signal_limb_volume_change,
  signal_muscle_conductance,
  signal_skin_conductance,
  signal_oxygen_deficit,
  signal_force,
  signal_capillary_refill_time,
  signal_pulse_amplitude,
  limb_signal_count
};

/// The limb as a core::Model. `Pulsatile` resolves the heart beat; otherwise flows are means over a beat.
template <bool Pulsatile>
struct Limb {
  static constexpr std::size_t state_count = limb_state_count;
  template <class T>
  using Parameters = LimbParameters<T>;
  template <class T>
  using Controls = LimbControls<T>;

  static std::span<const core::StateInfo> states() {
    constexpr double unbounded = std::numeric_limits<double>::infinity();
    static constexpr std::array<core::StateInfo, state_count> table{{
        {"arterial_volume", "mL/100mL", 0.06, -unbounded, unbounded},
        {"deep_venous_volume", "mL/100mL", 1.0, 0.0, unbounded},
        {"superficial_venous_volume", "mL/100mL", 0.5, 0.0, unbounded},
        {"interstitial_volume", "mL/100mL", 0.5, -unbounded, unbounded},
        {"active_deficit", "1", 1.0, -unbounded, unbounded},
        {"inactive_deficit", "1", 1.0, -unbounded, unbounded},
        {"skin_deficit", "1", 1.0, -unbounded, unbounded},
        {"active_perfusion", "1", 1.0, -unbounded, unbounded},
        {"inactive_perfusion", "1", 1.0, -unbounded, unbounded},
        {"skin_perfusion", "1", 1.0, -unbounded, unbounded},
        {"active_tone", "1", 1.0, 0.0, unbounded},
        {"inactive_tone", "1", 1.0, 0.0, unbounded},
        {"skin_tone", "1", 1.0, 0.0, unbounded},
        {"inflow_volume", "mL/100mL", 1.0, -unbounded, unbounded},
        {"outflow_volume", "mL/100mL", 1.0, -unbounded, unbounded},
        {"lymph_volume", "mL/100mL", 0.1, -unbounded, unbounded},
    }};
    return table;
  }

  static std::span<const core::SignalInfo> signals() {
    static constexpr std::array<core::SignalInfo, limb_signal_count> table{{
        {"cuff_pressure_set", "mmHg", "cuff pressure asked for"},
        {"cuff_pressure", "mmHg", "cuff pressure delivered"},
        {"cuff_pressure_aop", "1", "cuff pressure over arterial occlusion pressure"},
        {"mean_arterial_pressure", "mmHg", "mean arterial pressure at heart level"},
        {"systolic_pressure", "mmHg", "systolic arterial pressure at heart level"},
        {"diastolic_pressure", "mmHg", "diastolic arterial pressure at heart level"},
        {"heart_rate", "bpm", "heart rate"},
        {"rate_pressure_product", "mmHg bpm", "heart rate times systolic pressure"},
        {"arterial_inflow", "mL/min", "arterial inflow to the limb below the cuff"},
        {"muscle_flow", "mL/min", "blood flow through muscle"},
        {"skin_flow", "mL/min", "blood flow through skin"},
        {"venous_outflow", "mL/min", "venous outflow from the limb below the cuff"},
        {"filtration_flow", "mL/min", "fluid filtered from capillaries into the interstitium"},
        {"lymph_flow", "mL/min", "lymph leaving the limb below the cuff"},
        {"distal_arterial_pressure", "mmHg", "arterial pressure below the cuff"},
        {"capillary_pressure", "mmHg", "capillary pressure of resting muscle below the cuff"},
        {"deep_venous_pressure", "mmHg", "pressure of the deep veins below the cuff"},
        {"superficial_venous_pressure", "mmHg", "pressure of the superficial veins below the cuff"},
        {"intramuscular_pressure", "mmHg", "tissue pressure inside the working muscle"},
        {"interstitial_pressure", "mmHg", "interstitial fluid pressure"},
        {"venous_volume", "mL", "blood in the veins below the cuff"},
        {"limb_volume_change", "mL/100mL", "change of the limb's volume from rest"},
        {"muscle_conductance", "1", "arteriolar conductance of working muscle over rest"},
        {"skin_conductance", "1", "arteriolar conductance of skin over rest"},
        {"oxygen_deficit", "1", "oxygen deficit of working muscle in stores"},
        {"force", "1", "force of the working muscles over maximal voluntary contraction"},
        {"capillary_refill_time", "s", "capillary refill time of the nail bed"},
        {"pulse_amplitude", "1", "pulse pressure below the cuff over that of the free limb"},
    }};
    return table;
  }

  template <class T>
  static void rhs(const T& t, const T* y, T* dydt, const LimbParameters<T>& p, const LimbControls<T>& c) {
    const Pressures<T> at = pressures(t, y, p, c);
    const Flows<T> flow = flows(t, y, p, at, false);

    dydt[arterial_volume] = flow.arterial_volume_rate;
    dydt[deep_venous_volume] =
        flow.working + flow.inactive + flow.perforator - flow.deep_outflow - flow.collateral - flow.muscle_filtration;
    dydt[superficial_venous_volume] = flow.skin - flow.perforator - flow.superficial_outflow - flow.skin_filtration;
    dydt[interstitial_volume] = flow.muscle_filtration + flow.skin_filtration - flow.lymph;

    const auto muscle = p.muscle_regulation();
    const auto skin = p.skin_regulation();
    const T demand = 1.0 + p.demand_gain * c.force;
    dydt[active_perfusion] = perfusion_rate(y[active_perfusion], flow.working / p.active_resting_flow, muscle);
    dydt[inactive_perfusion] = perfusion_rate(y[inactive_perfusion], flow.inactive / p.inactive_resting_flow, muscle);
    dydt[skin_perfusion] = perfusion_rate(y[skin_perfusion], flow.skin / p.skin_resting_flow, skin);
    dydt[active_deficit] = deficit_rate(y[active_deficit], y[active_perfusion], demand, muscle);
    dydt[inactive_deficit] = deficit_rate(y[inactive_deficit], y[inactive_perfusion], T(1.0), muscle);
    dydt[skin_deficit] = deficit_rate(y[skin_deficit], y[skin_perfusion], T(1.0), skin);

    const T artery = flow.distal_head + p.hydrostatic_limb;
    const auto arteriolar_change = [&](const T& capillary, const T& tissue) {
      return 0.5 * (artery + capillary) - tissue - p.resting_arteriolar_pressure;
    };
    dydt[active_tone] = tone_rate(
        y[active_tone],
        tone_target(y[active_deficit], arteriolar_change(flow.muscle_capillary, at.muscle_squeeze), at.deep_distension, muscle),
        muscle);
    dydt[inactive_tone] = tone_rate(
        y[inactive_tone],
        tone_target(y[inactive_deficit], arteriolar_change(flow.muscle_capillary, at.external_muscle), at.deep_distension, muscle),
        muscle);
    dydt[skin_tone] = tone_rate(
        y[skin_tone],
        tone_target(y[skin_deficit], arteriolar_change(flow.skin_capillary, at.external_skin), at.superficial_distension, skin),
        skin);

    dydt[inflow_volume] = flow.inflow;
    dydt[outflow_volume] = flow.deep_outflow + flow.superficial_outflow + flow.collateral;
    dydt[lymph_volume] = flow.lymph;
  }

  template <class T>
  static void evaluate_signals(const T& t, const T* y, const LimbParameters<T>& p, const LimbControls<T>& c, T* out) {
    const Pressures<T> at = pressures(t, y, p, c);
    const Flows<T> flow = flows(t, y, p, at, true);
    const T pulse_pressure = p.systolic_pressure - p.diastolic_pressure;
    const T to_limb = p.tissue_volume * 0.01;        // mL/100mL to mL
    const T to_limb_per_minute = p.tissue_volume * 0.6; // mL/100mL/s to mL/min
    const T artery = flow.distal_head + p.hydrostatic_limb;

    out[signal_cuff_pressure_set] = c.cuff_pressure_set;
    out[signal_cuff_pressure] = at.cuff;
    out[signal_cuff_pressure_aop] = at.cuff / p.occlusion_pressure;
    out[signal_mean_arterial_pressure] = p.diastolic_pressure + pulse_shape_mean * pulse_pressure;
    out[signal_systolic_pressure] = p.systolic_pressure;
    out[signal_diastolic_pressure] = p.diastolic_pressure;
    out[signal_heart_rate] = 60.0 * p.heart_rate;
    out[signal_rate_pressure_product] = 60.0 * p.heart_rate * p.systolic_pressure;
    out[signal_arterial_inflow] = flow.inflow * to_limb_per_minute;
    out[signal_muscle_flow] = (flow.working + flow.inactive) * to_limb_per_minute;
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
    out[signal_limb_volume_change] = y[arterial_volume] + y[deep_venous_volume] + y[superficial_venous_volume] +
                                     y[interstitial_volume] - p.reference_volume;
    out[signal_muscle_conductance] = y[active_tone];
    out[signal_skin_conductance] = y[skin_tone];
    out[signal_oxygen_deficit] = y[active_deficit];
    out[signal_force] = c.force;
    out[signal_capillary_refill_time] =
        capillary_refill_time(T(flow.coming_head + p.hydrostatic_limb - at.external_skin), y[skin_tone], p.refill_fixed_share, p.resting_refill_time,
                              p.resting_arterial_pressure, p.refill_colour_pressure);
    out[signal_pulse_amplitude] = flow.pulse_pressure / (pulse_shape_range<beat_steps>() * pulse_pressure);
  }

private:
  // Pressures (mmHg) that follow from the state and the controls alone.
  template <class T>
  struct Pressures {
    T cuff, cuff_artery, cuff_superficial;     // cuff gauge; on artery and deep veins; on superficial veins
    T external_muscle, external_skin;          // from outside compression
    T interstitial, muscle_squeeze;            // fluid pressure; contraction plus outside compression of working muscle
    T deep_distension, superficial_distension; // venous transmural pressures
    T deep_head, superficial_head;
  };

  template <class T>
  struct Flows { // mL/100mL/s and mmHg
    T inflow, working, inactive, skin, arterial_volume_rate;
    T distal_head, muscle_capillary, skin_capillary;
    T coming_head, pulse_pressure; // mean of the coming beat, pulse of the one after it; only if asked for
    T perforator, deep_outflow, superficial_outflow, collateral;
    T muscle_filtration, skin_filtration, lymph;
  };

  template <class T>
  static Pressures<T> pressures(const T& t, const T* y, const LimbParameters<T>& p, const LimbControls<T>& c) {
    Pressures<T> at;
    at.cuff = c.cuff_pressure_begin + c.cuff_pressure_rate * (t - c.segment_begin);
    at.cuff_artery = p.artery_transmission * at.cuff;
    at.cuff_superficial = p.superficial_transmission * at.cuff;
    at.external_muscle = p.external_muscle_share * c.external_pressure;
    at.external_skin = p.external_skin_share * c.external_pressure;
    at.interstitial =
        interstitial_pressure(y[interstitial_volume], p.resting_interstitial_pressure, p.interstitial_compliance);
    const T contraction = p.intramuscular_gain * c.force;
    at.muscle_squeeze = contraction + at.external_muscle;

    const auto curve = p.venous_curve();
    at.deep_distension = venous_pressure(y[deep_venous_volume] / (p.deep_share * p.vein_scale), curve);
    at.superficial_distension =
        venous_pressure(y[superficial_venous_volume] / ((1.0 - p.deep_share) * p.vein_scale), curve);
    at.deep_head = at.deep_distension + p.active_share * contraction + at.external_muscle - p.hydrostatic_limb;
    at.superficial_head = at.superficial_distension + at.external_skin - p.hydrostatic_limb;
    return at;
  }

  // with_pulse: also what a whole beat does below the cuff, for pulse and refill.
  template <class T>
  static Flows<T> flows(const T& t, const T* y, const LimbParameters<T>& p, const Pressures<T>& at,
                        bool with_pulse) {
    Flows<T> flow;
    const T inactive_conductance = p.inactive_conductance * y[inactive_tone];
    const T skin_conductance = p.skin_conductance * y[skin_tone];
    ArterialPath<T> path;
    path.artery_conductance = p.artery_conductance;
    path.cuff_head = at.cuff_artery - p.hydrostatic_cuff;
    path.artery = p.artery_range();
    path.compliance = p.arterial_compliance;
    path.resting_conductance = inactive_conductance + skin_conductance;
    path.resting_back_head =
        (inactive_conductance * at.deep_head + skin_conductance * at.superficial_head) / path.resting_conductance;
    path.working_conductance = p.active_conductance * y[active_tone];
    path.squeeze_head = at.interstitial + at.muscle_squeeze - p.hydrostatic_limb;
    path.vessel = p.vessel_range();
    path.working_back_integral = open_pressure_integral(at.deep_head - path.squeeze_head, path.vessel);

    const T stored_head = y[arterial_volume] / p.arterial_compliance + at.external_muscle - p.hydrostatic_limb;
    const T pulse_pressure = p.systolic_pressure - p.diastolic_pressure;
    const auto beat = [&](const T& first_head) {
      return beat_map(first_head, p.diastolic_pressure, pulse_pressure, T(1.0) / p.heart_rate, path);
    };
    if constexpr (Pulsatile) {
      const T source = p.diastolic_pressure + pulse_shape(T(p.heart_rate * t + p.start_phase)) * pulse_pressure;
      flow.inflow = cuff_artery_flow(source, stored_head, path);
      flow.working = working_muscle_flow(stored_head, path);
      flow.distal_head = stored_head;
      flow.arterial_volume_rate = flow.inflow - flow.working - resting_beds_flow(stored_head, path);
    } else {
      const BeatMeans<T> means = beat(stored_head);
      flow.inflow = means.inflow;
      flow.working = means.working_flow;
      flow.distal_head = means.distal_head;
      flow.arterial_volume_rate = means.volume_rate;
    }
    if (with_pulse) {
      const BeatMeans<T> coming = beat(stored_head);
      const BeatMeans<T> next = beat(coming.last_head);
      flow.coming_head = coming.coming_head;
      flow.pulse_pressure = next.highest_head - next.lowest_head;
    }
    flow.inactive = inactive_conductance * (flow.distal_head - at.deep_head);
    flow.skin = skin_conductance * (flow.distal_head - at.superficial_head);

    const auto capillary = [&](const T& venous_head) {
      return venous_head + p.post_capillary_share * (flow.distal_head - venous_head) + p.hydrostatic_limb;
    };
    flow.muscle_capillary = capillary(at.deep_head);
    flow.skin_capillary = capillary(at.superficial_head);
    flow.muscle_filtration =
        p.deep_share * capillary_filtration(T(flow.muscle_capillary - at.external_muscle), at.interstitial,
                                            p.oncotic_difference, p.filtration_coefficient);
    flow.skin_filtration =
        (1.0 - p.deep_share) * capillary_filtration(T(flow.skin_capillary - at.external_skin), at.interstitial,
                                                    p.oncotic_difference, p.filtration_coefficient);
    flow.lymph =
        lymph_flow(y[interstitial_volume], p.resting_lymph_flow, p.lymph_gain, at.cuff_superficial, p.lymph_pumping_pressure);

    flow.perforator = p.perforator_conductance * valve(T(at.superficial_head - at.deep_head), p.valve_opening_pressure);
    const auto under_cuff = [&](const T& head, const T& cuff) { return head + p.hydrostatic_cuff - cuff; };
    flow.deep_outflow = outflow_past_cuff(under_cuff(at.deep_head, at.cuff_artery),
                                          under_cuff(p.central_venous_pressure, at.cuff_artery),
                                          T(p.deep_share * p.venous_conductance), p.vein_range(), p.valve_opening_pressure);
    flow.superficial_outflow =
        outflow_past_cuff(under_cuff(at.superficial_head, at.cuff_superficial),
                          under_cuff(p.central_venous_pressure, at.cuff_superficial),
                          T((1.0 - p.deep_share) * p.venous_conductance), p.vein_range(), p.valve_opening_pressure);
    flow.collateral = p.collateral_conductance * valve(T(at.deep_head - p.central_venous_pressure), p.valve_opening_pressure);
    return flow;
  }
};

using PulsatileLimb = Limb<true>;
using AveragedLimb = Limb<false>;

} // namespace limbflow::models
