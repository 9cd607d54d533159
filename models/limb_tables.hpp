// What a limb keeps from moment to moment, and what is read off it and off its fibre classes: names, units, sizes and bounds.
// limb.hpp has the equations.
#pragma once

#include "core/model.hpp"
#include "models/working_muscle.hpp"

#include <array>
#include <cstddef>
#include <limits>

namespace limbflow::models {

enum LimbState : std::size_t {
  arterial_volume,        // distal arteries; averaged model: at the start of a beat (arterial_source.hpp)
  deep_venous_volume,
  superficial_venous_volume,
  deep_slow_volume,       // of the deep venous volume, what lies in veins that fill late
  superficial_slow_volume,
  interstitial_volume,    // gained since supine rest
  inactive_deficit,       // oxygen deficit, in stores
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
  fibre_energy,           // high-energy phosphate of the working muscle's fibre classes I, IIa, IIx, mM
  fibre_ph = fibre_energy + fibre_classes,
  fibre_lactate = fibre_ph + fibre_classes,
  fibre_excitability_loss = fibre_lactate + fibre_classes,
  fibre_lasting_loss = fibre_excitability_loss + fibre_classes,
  muscle_oxygen = fibre_lasting_loss + fibre_classes, // content of the working muscle's tissue, mM
  capillary_oxygen,       // content of its capillary blood, mM
  capillary_lactate,      // of the blood that leaves it, mM
  blood_lactate,          // of arterial blood, mM
  central_fatigue,        // share of the drive that is not at hand
  pressor,                // rise of mean arterial pressure, mmHg
  heart_rate_rise,        // 1/s
  heart_phase,            // beats since the start, from the foot of the pulse
  cuff_loss,              // share of the cuff's pressure let out by its device or lost to creep (cuff_device.hpp)
  nerve_dose,             // time integral of the pressure under the cuff, mmHg min
  limb_state_count
};

inline constexpr double unbounded = std::numeric_limits<double>::infinity();

/// In the order of `LimbState`: name, unit, size (of its absolute tolerance), bounds.
inline constexpr std::array<core::StateInfo, limb_state_count> limb_states{{
    {"arterial_volume", "mL/100mL", 0.06, -unbounded, unbounded},
    {"deep_venous_volume", "mL/100mL", 1.0, 0.0, unbounded},
    {"superficial_venous_volume", "mL/100mL", 0.5, 0.0, unbounded},
    {"deep_slow_volume", "mL/100mL", 1.0, 0.0, unbounded},
    {"superficial_slow_volume", "mL/100mL", 0.5, 0.0, unbounded},
    {"interstitial_volume", "mL/100mL", 0.5, -unbounded, unbounded},
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
    {"energy_I", "mM", 10.0, 0.0, unbounded},
    {"energy_IIa", "mM", 10.0, 0.0, unbounded},
    {"energy_IIx", "mM", 10.0, 0.0, unbounded},
    {"ph_I", "1", 0.1, 5.0, 8.0},
    {"ph_IIa", "1", 0.1, 5.0, 8.0},
    {"ph_IIx", "1", 0.1, 5.0, 8.0},
    {"lactate_I", "mM", 5.0, 0.0, unbounded},
    {"lactate_IIa", "mM", 5.0, 0.0, unbounded},
    {"lactate_IIx", "mM", 5.0, 0.0, unbounded},
    {"excitability_loss_I", "1", 0.1, 0.0, 1.0},
    {"excitability_loss_IIa", "1", 0.1, 0.0, 1.0},
    {"excitability_loss_IIx", "1", 0.1, 0.0, 1.0},
    {"lasting_loss_I", "1", 0.1, 0.0, 1.0},
    {"lasting_loss_IIa", "1", 0.1, 0.0, 1.0},
    {"lasting_loss_IIx", "1", 0.1, 0.0, 1.0},
    {"muscle_oxygen", "mM", 0.1, 0.0, unbounded},
    {"capillary_oxygen", "mM", 1.0, 0.0, unbounded},
    {"capillary_lactate", "mM", 1.0, 0.0, unbounded},
    {"blood_lactate", "mM", 1.0, 0.0, unbounded},
    {"central_fatigue", "1", 0.1, 0.0, 1.0},
    {"pressor", "mmHg", 10.0, -unbounded, unbounded},
    {"heart_rate_rise", "1/s", 0.5, -unbounded, unbounded},
    {"heart_phase", "1", 1.0, -unbounded, unbounded},
    {"cuff_loss", "1", 0.1, -1.0, 1.0},
    {"nerve_dose", "mmHg min", 100.0, 0.0, unbounded},
}};

enum LimbSignal : std::size_t {
  signal_cuff_pressure_set,
  signal_cuff_pressure,
  signal_cuff_pressure_aop,
  signal_nerve_pressure_dose,
  signal_mean_arterial_pressure,
  signal_systolic_pressure,
  signal_diastolic_pressure,
  signal_heart_rate,
  signal_rate_pressure_product,
  signal_arterial_inflow,
  signal_muscle_flow,
  signal_working_muscle_flow,
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
  signal_muscle_oxygen_saturation,
  signal_deoxyhaemoglobin_change,
  signal_total_haemoglobin_change,
  signal_tissue_po2,
  signal_venous_oxygen_saturation,
  signal_muscle_oxygen_uptake,
  signal_atp,
  signal_phosphocreatine,
  signal_inorganic_phosphate,
  signal_muscle_lactate,
  signal_muscle_ph,
  signal_venous_ph,
  signal_venous_lactate,
  signal_blood_lactate,
  signal_motor_drive,
  signal_high_threshold_recruitment,
  signal_emg_amplitude,
  signal_force,
  signal_force_capacity,
  signal_perceived_effort,
  signal_discomfort,
  signal_muscle_thickness_change,
  signal_capillary_refill_time,
  signal_pulse_amplitude,
  limb_signal_count
};

/// In the order of `LimbSignal`: name, unit, what it is.
inline constexpr std::array<core::SignalInfo, limb_signal_count> limb_signals{{
    {"cuff_pressure_set", "mmHg", "cuff pressure asked for"},
    {"cuff_pressure", "mmHg", "cuff pressure delivered"},
    {"cuff_pressure_aop", "1", "cuff pressure over arterial occlusion pressure"},
    {"nerve_pressure_dose", "mmHg min", "time integral of the pressure under the cuff, as on a nerve just below the skin"},
    {"mean_arterial_pressure", "mmHg", "mean arterial pressure at heart level"},
    {"systolic_pressure", "mmHg", "systolic arterial pressure at heart level"},
    {"diastolic_pressure", "mmHg", "diastolic arterial pressure at heart level"},
    {"heart_rate", "bpm", "heart rate"},
    {"rate_pressure_product", "mmHg bpm", "heart rate times systolic pressure"},
    {"arterial_inflow", "mL/min", "arterial inflow to the limb below the cuff"},
    {"muscle_flow", "mL/min", "blood flow through muscle"},
    {"working_muscle_flow", "mL/min", "blood flow through the working muscle"},
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
    {"oxygen_deficit", "1", "oxygen and high-energy phosphate drawn by working muscle, in oxygen stores"},
    {"muscle_oxygen_saturation", "%", "oxygen saturation of the working muscle as near-infrared spectroscopy sees it"},
    {"deoxyhaemoglobin_change", "uM", "deoxygenated haemoglobin of the working muscle, change from rest"},
    {"total_haemoglobin_change", "uM", "haemoglobin of the working muscle, change from rest"},
    {"tissue_po2", "mmHg", "oxygen pressure in the working muscle's fibres"},
    {"venous_oxygen_saturation", "%", "oxygen saturation of the limb's venous blood"},
    {"muscle_oxygen_uptake", "mM/s", "oxygen that the working muscle takes up"},
    {"atp", "mM", "ATP of the working muscle"},
    {"phosphocreatine", "mM", "phosphocreatine of the working muscle"},
    {"inorganic_phosphate", "mM", "inorganic phosphate of the working muscle"},
    {"muscle_lactate", "mM", "lactate of the working muscle"},
    {"muscle_ph", "1", "pH of the working muscle as phosphorus spectroscopy reads it"},
    {"venous_ph", "1", "pH of the limb's venous blood"},
    {"venous_lactate", "mM", "lactate of the limb's venous blood"},
    {"blood_lactate", "mM", "lactate of arterial blood"},
    {"motor_drive", "1", "drive to the motor-unit pool over the largest"},
    {"high_threshold_recruitment", "1", "activation of the type II fibres"},
    {"emg_amplitude", "%", "electromyogram over that of a fresh maximal contraction"},
    {"force", "1", "force of the working muscles over fresh maximal voluntary contraction"},
    {"force_capacity", "1", "maximal voluntary contraction over the fresh one"},
    {"perceived_effort", "1", "effort on a scale of 0 to 10: drive needed over drive at hand"},
    {"discomfort", "1", "discomfort on a scale of 0 to 10 from metabolites and cuff; an index, not a measurement"},
    {"muscle_thickness_change", "%", "swelling of the working muscle: blood, filtered fluid and water drawn into fibres"},
    {"capillary_refill_time", "s", "capillary refill time of the nail bed"},
    {"pulse_amplitude", "1", "pulse pressure below the cuff over that of the free limb"},
}};

/// What is read off each fibre class (I, IIa, IIx) of the working muscle.
enum FibreSignal : std::size_t {
  fibre_signal_atp,
  fibre_signal_phosphocreatine,
  fibre_signal_inorganic_phosphate,
  fibre_signal_lactate,
  fibre_signal_ph,
  fibre_signal_activation,
  fibre_signal_force_capacity,
  fibre_signal_count
};

/// In the order of `FibreSignal`: name, unit, what it is. Means over classes by their share of the muscle are the signals of
/// the same name without `fibre_`; `muscle_ph` is the mean that phosphorus spectroscopy reads, by inorganic phosphate.
inline constexpr std::array<core::SignalInfo, fibre_signal_count> fibre_signals{{
    {"fibre_atp", "mM", "ATP of the fibres of a class"},
    {"fibre_phosphocreatine", "mM", "phosphocreatine of the fibres of a class"},
    {"fibre_inorganic_phosphate", "mM", "inorganic phosphate of the fibres of a class"},
    {"fibre_lactate", "mM", "lactate of the fibres of a class"},
    {"fibre_ph", "1", "pH of the fibres of a class"},
    {"fibre_activation", "1", "share of its fresh force that the drive asks of a class: units recruited and their rates"},
    {"fibre_force_capacity", "1", "force that a class has left over its fresh force"},
}};

/// Values of evaluate_signals() with the fibre classes: the limb's signals, then [fibre signal][class].
inline constexpr std::size_t all_signal_count = limb_signal_count + fibre_signal_count * fibre_classes;

/// Which of the signals that take longer to work out are wanted.
struct SignalParts {
  bool refill = true;   ///< `capillary_refill_time`: the beat to come, beat by beat; otherwise it is zero
  bool pulse = true;    ///< `pulse_amplitude`: one beat more; otherwise it is zero
  bool fibres = false;  ///< the fibre signals, after the others
  friend SignalParts operator|(const SignalParts& a, const SignalParts& b) {
    return {a.refill || b.refill, a.pulse || b.pulse, a.fibres || b.fibres};
  }
};

} // namespace limbflow::models
