// Every number that the limb's equations use, for one person, one limb and one cuff.
//
// These are resolved from the parameter tables (models/parameters/*.toml, each value with range and source) and from the
// person's anthropometry by models/anatomy.hpp. Flows, volumes, conductances and compliances are per 100 mL of tissue below
// the cuff, so that an arm and a leg share one scale; `tissue_volume` takes them to the whole limb.
#pragma once

#include "models/cuff_device.hpp"
#include "models/filtration.hpp"
#include "models/reflexes.hpp"
#include "models/vascular_bed.hpp"
#include "models/veins.hpp"
#include "models/working_muscle.hpp"

namespace limbflow::models {

/// The numbers of one limb; T is double or any scalar that the model is evaluated with.
template <class T>
struct LimbParameters {
  T tissue_volume{}; ///< tissue below the cuff, mL
  T systolic_pressure{}; ///< arterial systolic pressure at heart level, mmHg
  T diastolic_pressure{}; ///< arterial diastolic pressure at heart level, mmHg
  T pulse_gain{}; ///< pulse pressure in the artery at the cuff over that in the upper arm
  T heart_rate{}; ///< heart beats per second, 1/s
  T start_phase{}; ///< phase of the beat at time zero, from the foot of the pulse
  T central_venous_pressure{}; ///< pressure of the veins above the cuff, at heart level, mmHg
  T hydrostatic_cuff{}; ///< weight of the blood column from heart to cuff, mmHg
  T hydrostatic_muscle{}; ///< weight of the blood column from heart to the working muscle, mmHg
  T hydrostatic_limb{}; ///< weight of the blood column from heart to the middle of the limb below the cuff, mmHg
  T artery_transmission{}; ///< pressure on artery and deep veins under the cuff over the cuff's pressure
  T superficial_transmission{}; ///< pressure on superficial veins under the cuff over the cuff's pressure
  T cuff_pull{}; ///< gauge pressure that the pull of an elastic band stands for, mmHg
  T artery_conductance{}; ///< artery under the cuff when open, mL/100mL/s/mmHg
  CollapseRange<T> artery{}; ///< transmural pressures of the artery under the cuff, mmHg
  core::Divisor<T> arterial_compliance{}; ///< arteries below the cuff, mL/100mL/mmHg
  T active_conductance{}; ///< bed of the working muscles at rest, mL/100mL/s/mmHg
  T inactive_conductance{}; ///< bed of the other muscles at rest, mL/100mL/s/mmHg
  T skin_conductance{}; ///< bed of the skin at rest, mL/100mL/s/mmHg
  core::Divisor<T> active_resting_flow{}; ///< flow to the working muscles at rest, mL/100mL/s
  core::Divisor<T> inactive_resting_flow{}; ///< flow to the other muscles at rest, mL/100mL/s
  core::Divisor<T> skin_resting_flow{}; ///< flow to the skin at rest, mL/100mL/s
  CollapseRange<T> arteriole{}; ///< transmural pressures of the arterioles of a resting bed, which their tone shuts, mmHg
  T post_capillary_share{}; ///< share of a bed's pressure fall that lies after the capillaries
  T resting_arteriolar_pressure{}; ///< arteriolar transmural pressure at supine rest: half way down their fall of pressure, mmHg
  T resting_working_arteriolar_pressure{}; ///< the same at the height of the working muscle, mmHg
  core::Divisor<T> muscle_volume{}; ///< working muscle in 100 mL of limb, mL/100mL
  T working_limbs{}; ///< limbs that do the same work and feed the same circulation
  core::Divisor<T> lactate_distribution{}; ///< body water and blood in which lactate spreads, mL
  T lactate_clearance{}; ///< clearance of blood lactate above rest, 1/s
  core::Divisor<T> muscle_lactate_volume{}; ///< blood and interstitium in which muscle lactate mixes, mL per mL of muscle
  T resting_blood_lactate{}; ///< lactate of arterial blood at rest, mM
  T myoglobin_light_share{}; ///< share of the near-infrared signal that is myoglobin's
  T light_blood_volume{}; ///< blood of small vessels that near-infrared light sees, mL per mL of muscle at rest
  T reference_deep_volume{}; ///< deep venous volume at rest, mL/100mL
  T reference_interstitial_volume{}; ///< gained interstitial volume at rest in the posture, mL/100mL
  T resting_capillary_oxygen{}; ///< oxygen of the working muscle's capillary blood at rest, mM
  T resting_phosphocreatine{}; ///< phosphocreatine at rest, mM
  T osmotic_share{}; ///< share of the water that osmosis could draw into fibres which is drawn
  T osmolality{}; ///< osmotically active particles in muscle water at rest, mM
  T blood_ph_per_carbon_dioxide{}; ///< fall of blood pH per carbon dioxide pressure, 1/mmHg
  T blood_ph_per_lactate{}; ///< fall of blood pH per lactate, 1/mM
  T carbon_dioxide_per_lactate{}; ///< carbon dioxide pressure that lactic acid frees from bicarbonate, mmHg/mM
  T carbon_dioxide_slope{}; ///< carbon dioxide carried per pressure by blood, mM/mmHg
  T intramuscular_gain{}; ///< rise of intramuscular pressure per force of a fresh pool, mmHg
  T intramuscular_first{}; ///< rise that comes with the first few per cent of force, mmHg
  T intramuscular_first_force{}; ///< force at which half of that rise is there
  CollapseRange<T> vessel{}; ///< transmural pressures of the vessels inside working muscle, mmHg
  T active_share{}; ///< share of the muscle below the cuff that works
  T deep_share{}; ///< share of the venous volume in the deep veins
  T vein_scale{}; ///< venous volume over that of the reference limb at the same pressure
  VenousCurve<T> venous_curve{}; ///< pressure-volume curve of the reference limb
  T late_vein_share{}; ///< share of the venous volume in veins that fill late
  core::Divisor<T> deep_main_scale{}; ///< volume of the deep veins that fill at once over that of the whole reference limb at the same pressure
  core::Divisor<T> deep_late_scale{}; ///< the same of the deep veins that fill late
  core::Divisor<T> superficial_main_scale{}; ///< the same of the superficial veins that fill at once
  core::Divisor<T> superficial_late_scale{}; ///< the same of the superficial veins that fill late
  core::Divisor<T> late_filling_time{}; ///< time constant with which these veins fill, s
  core::Divisor<T> late_drainage_time{}; ///< time constant with which these veins drain, s
  T venous_conductance{}; ///< all veins under the cuff when open, mL/100mL/s/mmHg
  CollapseRange<T> vein{}; ///< transmural pressures of a vein under the cuff, mmHg
  CollapseRange<T> valve_opening{}; ///< driving pressures that take a venous valve from shut to open, mmHg
  T perforator_conductance{}; ///< valved veins from superficial to deep, mL/100mL/s/mmHg
  T collateral_conductance{}; ///< venous outflow that no cuff reaches (veins in bone), mL/100mL/s/mmHg
  T filtration_coefficient{}; ///< capillary filtration coefficient, mL/100mL/s/mmHg
  T oncotic_difference{}; ///< reflection coefficient times oncotic pressure difference, mmHg
  T oncotic_rise{}; ///< rise of oncotic_difference per share of the blood that is filtered off, mmHg
  T resting_interstitial_pressure{}; ///< interstitial fluid pressure at rest, mmHg
  core::Divisor<T> interstitial_compliance{}; ///< interstitial volume gained per pressure, mL/100mL/mmHg
  T resting_lymph_flow{}; ///< lymph at supine rest, mL/100mL/s
  T lymph_gain{}; ///< rise of lymph with gained interstitial volume, 1/s
  CollapseRange<T> lymph_stopping{}; ///< tissue pressures under the cuff that take lymph from free to stopped, mmHg
  BedRegulation<T> muscle_bed{}; ///< oxygen balance and tone of muscle
  BedRegulation<T> skin_bed{}; ///< the same of the skin
  core::Divisor<T> half_dilation_energy{}; ///< high-energy phosphate drawn that dilates working muscle by half of the most, mM ATP
  T resting_arterial_pressure{}; ///< mean arterial pressure at rest, mmHg
  T resting_refill_time{}; ///< capillary refill time at rest, s
  T refill_fixed_share{}; ///< share of the resistance to the nail bed that tone does not change
  T refill_colour_pressure{}; ///< capillary pressure at which colour has returned, mmHg
  T external_muscle_share{}; ///< share of a pressure around the limb that reaches muscle
  T external_skin_share{}; ///< share of a pressure around the limb that reaches skin
  T occlusion_pressure{}; ///< cuff pressure that stops arterial flow, measured or from the virtual test, mmHg
  T reference_volume{}; ///< blood and gained interstitial fluid at rest, from which volume change counts, mL/100mL

  CuffDeviceResponse<T> device{};
  WorkingMuscle<T> muscle{};
  Reflexes<T> reflexes{};

  /// Capillaries of a bed with this share of the tissue.
  CapillaryWall<T> capillary_wall(const T& share) const { return {share * filtration_coefficient, oncotic_difference, oncotic_rise}; }
};

/// What the protocol imposes during one segment. What the cuff aims at and the shortening run linearly from their values at the
/// segment's start.
template <class T>
struct LimbControls {
  T segment_begin = T(0.0);      ///< s
  T cuff_pressure_begin = T(0.0); ///< gauge pressure that the device aims at, at segment_begin, mmHg
  T cuff_pressure_rate = T(0.0); ///< mmHg/s
  T cuff_pressure_set = T(0.0);  ///< pressure asked for, mmHg
  T force = T(0.0);              ///< asked of the working muscles, fraction of a fresh maximal voluntary contraction
  T shortening_begin = T(0.0);   ///< of the working muscles at segment_begin, share of a lift's range
  T shortening_rate = T(0.0);    ///< 1/s
  T velocity_factor = T(1.0);    ///< force at the speed of the movement over isometric force at the same drive
  T slowest_velocity_factor = T(1.0); ///< the same at the speed of the slowest movement that still does the task
  T cost_factor = T(1.0);        ///< ATP of activation over that of an isometric contraction
  T work_cost = T(0.0);          ///< ATP for shortening work at the force of a fresh maximal contraction, mM/s
  T external_pressure = T(0.0);  ///< pressure on the whole limb below the cuff, mmHg
  T chest_pressure = T(0.0);     ///< added to arterial and central venous pressure by a held breath, mmHg
};

} // namespace limbflow::models
