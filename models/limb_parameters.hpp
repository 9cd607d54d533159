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

// X(name, unit, meaning)
#define LIMBFLOW_LIMB_PARAMETERS(X)                                                                                      \
  X(tissue_volume, "mL", "tissue below the cuff")                                                                        \
  X(systolic_pressure, "mmHg", "arterial systolic pressure at heart level")                                              \
  X(diastolic_pressure, "mmHg", "arterial diastolic pressure at heart level")                                            \
  X(pulse_gain, "", "pulse pressure in the artery at the cuff over that in the upper arm")                              \
  X(heart_rate, "1/s", "heart beats per second")                                                                         \
  X(start_phase, "", "phase of the beat at time zero, from the foot of the pulse")                                       \
  X(central_venous_pressure, "mmHg", "pressure of the veins above the cuff, at heart level")                             \
  X(hydrostatic_cuff, "mmHg", "weight of the blood column from heart to cuff")                                           \
  X(hydrostatic_limb, "mmHg", "weight of the blood column from heart to the middle of the limb below the cuff")          \
  X(artery_transmission, "", "pressure on artery and deep veins under the cuff over the cuff's pressure")                \
  X(superficial_transmission, "", "pressure on superficial veins under the cuff over the cuff's pressure")               \
  X(cuff_pull, "mmHg", "gauge pressure that the pull of an elastic band stands for")                                     \
  X(artery_conductance, "mL/100mL/s/mmHg", "artery under the cuff when open")                                            \
  X(artery_closed, "mmHg", "transmural pressure below which the artery is shut")                                         \
  X(artery_open, "mmHg", "transmural pressure above which the artery is fully open")                                     \
  X(arterial_compliance, "mL/100mL/mmHg", "arteries below the cuff")                                                     \
  X(active_conductance, "mL/100mL/s/mmHg", "bed of the working muscles at rest")                                         \
  X(inactive_conductance, "mL/100mL/s/mmHg", "bed of the other muscles at rest")                                         \
  X(skin_conductance, "mL/100mL/s/mmHg", "bed of the skin at rest")                                                      \
  X(active_resting_flow, "mL/100mL/s", "flow to the working muscles at rest")                                            \
  X(inactive_resting_flow, "mL/100mL/s", "flow to the other muscles at rest")                                            \
  X(skin_resting_flow, "mL/100mL/s", "flow to the skin at rest")                                                         \
  X(arteriole_closed, "mmHg", "transmural pressure below which arterioles of a resting bed are shut by their tone")     \
  X(arteriole_open, "mmHg", "transmural pressure above which arterioles of a resting bed are open")                    \
  X(post_capillary_share, "", "share of a bed's pressure fall that lies after the capillaries")                          \
  X(resting_arteriolar_pressure, "mmHg", "arteriolar transmural pressure at supine rest: half way down their fall of pressure") \
  X(muscle_volume, "mL/100mL", "working muscle in 100 mL of limb")                                                       \
  X(working_limbs, "", "limbs that do the same work and feed the same circulation")                                      \
  X(lactate_distribution, "mL", "body water and blood in which lactate spreads")                                         \
  X(lactate_clearance, "1/s", "clearance of blood lactate above rest")                                                   \
  X(muscle_lactate_volume, "", "blood and interstitium in which muscle lactate mixes, mL per mL of muscle")              \
  X(resting_blood_lactate, "mM", "lactate of arterial blood at rest")                                                    \
  X(myoglobin_light_share, "", "share of the near-infrared signal that is myoglobin's")                                  \
  X(light_blood_volume, "", "blood of small vessels that near-infrared light sees, mL per mL of muscle at rest")         \
  X(reference_deep_volume, "mL/100mL", "deep venous volume at rest")                                                     \
  X(reference_interstitial_volume, "mL/100mL", "gained interstitial volume at rest in the posture")                      \
  X(resting_capillary_oxygen, "mM", "oxygen of the working muscle's capillary blood at rest")                            \
  X(resting_phosphocreatine, "mM", "phosphocreatine at rest")                                                            \
  X(osmotic_share, "", "share of the water that osmosis could draw into fibres which is drawn")                          \
  X(osmolality, "mM", "osmotically active particles in muscle water at rest")                                            \
  X(blood_ph_per_carbon_dioxide, "1/mmHg", "fall of blood pH per carbon dioxide pressure")                               \
  X(blood_ph_per_lactate, "1/mM", "fall of blood pH per lactate")                                                        \
  X(carbon_dioxide_per_lactate, "mmHg/mM", "carbon dioxide pressure that lactic acid frees from bicarbonate")            \
  X(carbon_dioxide_slope, "mM/mmHg", "carbon dioxide carried per pressure by blood")                                     \
  X(intramuscular_gain, "mmHg", "rise of intramuscular pressure per force")                                              \
  X(intramuscular_first, "mmHg", "rise that comes with the first few per cent of force")                                 \
  X(intramuscular_first_force, "", "force at which half of that rise is there")                                          \
  X(vessel_closed, "mmHg", "transmural pressure below which vessels inside muscle are shut")                             \
  X(vessel_open, "mmHg", "transmural pressure above which vessels inside muscle are open")                               \
  X(pressure_spread, "", "excess of tissue pressure where contraction squeezes most, over its mean rise")                   \
  X(active_share, "", "share of the muscle below the cuff that works")                                                   \
  X(deep_share, "", "share of the venous volume in the deep veins")                                                      \
  X(vein_scale, "", "venous volume over that of the reference limb at the same pressure")                                \
  X(vein_stiffness, "mmHg/(mL/100mL)", "stiffness of the venous pressure-volume curve")                                  \
  X(vein_unstressed_volume, "mL/100mL", "venous volume at zero transmural pressure")                                     \
  X(vein_maximum_volume, "mL/100mL", "venous volume that no pressure exceeds")                                           \
  X(vein_collapse_constant, "mmHg mL/100mL", "how fast pressure falls as the veins empty")                               \
  X(late_vein_share, "", "share of the venous volume in veins that fill late")                                          \
  X(late_filling_time, "s", "time constant with which these veins fill")                                                 \
  X(late_drainage_time, "s", "time constant with which these veins drain")                                               \
  X(venous_conductance, "mL/100mL/s/mmHg", "all veins under the cuff when open")                                         \
  X(vein_closed, "mmHg", "transmural pressure below which a vein under the cuff is shut")                                \
  X(vein_open, "mmHg", "transmural pressure above which a vein under the cuff is open")                                  \
  X(valve_opening_pressure, "mmHg", "pressure that takes a venous valve from shut to open")                              \
  X(perforator_conductance, "mL/100mL/s/mmHg", "valved veins from superficial to deep")                                  \
  X(collateral_conductance, "mL/100mL/s/mmHg", "venous outflow that no cuff reaches (veins in bone)")                    \
  X(filtration_coefficient, "mL/100mL/s/mmHg", "capillary filtration coefficient")                                       \
  X(oncotic_difference, "mmHg", "reflection coefficient times oncotic pressure difference")                              \
  X(oncotic_rise, "mmHg", "rise of oncotic_difference per share of the blood that is filtered off")                      \
  X(resting_interstitial_pressure, "mmHg", "interstitial fluid pressure at rest")                                        \
  X(interstitial_compliance, "mL/100mL/mmHg", "interstitial volume gained per pressure")                                 \
  X(resting_lymph_flow, "mL/100mL/s", "lymph at supine rest")                                                            \
  X(lymph_gain, "1/s", "rise of lymph with gained interstitial volume")                                                  \
  X(lymph_pumping_pressure, "mmHg", "tissue pressure under the cuff that stops lymph")                                   \
  X(oxygen_store_time, "s", "oxygen store over resting uptake")                                                          \
  X(extraction_reserve, "", "largest oxygen extraction over resting extraction")                                         \
  X(extraction_steepness, "", "rise of extraction with oxygen deficit")                                                  \
  X(diffusion_limit, "", "flow over resting flow at which diffusion halves the extraction")                              \
  X(transit_time, "s", "time that blood takes through the capillaries")                                                  \
  X(muscle_maximum_dilation, "", "largest metabolic dilation of muscle")                                                 \
  X(skin_maximum_dilation, "", "largest metabolic dilation of skin")                                                     \
  X(half_dilation_deficit, "", "oxygen deficit of half the largest dilation of muscle")                                  \
  X(skin_half_dilation_deficit, "", "oxygen deficit of half the largest dilation of skin")                               \
  X(myogenic_sensitivity, "1/mmHg", "fall of log conductance per arteriolar transmural pressure")                        \
  X(veno_arteriolar_strength, "", "share of conductance that full venous distension takes away")                         \
  X(veno_arteriolar_start, "mmHg", "venous transmural pressure at which the veno-arteriolar response starts")            \
  X(veno_arteriolar_full, "mmHg", "venous transmural pressure at which the veno-arteriolar response is full")            \
  X(tone_time, "s", "time constant of arteriolar tone")                                                                  \
  X(resting_arterial_pressure, "mmHg", "mean arterial pressure at rest")                                                 \
  X(resting_refill_time, "s", "capillary refill time at rest")                                                           \
  X(refill_fixed_share, "", "share of the resistance to the nail bed that tone does not change")                          \
  X(refill_colour_pressure, "mmHg", "capillary pressure at which colour has returned")                                    \
  X(external_muscle_share, "", "share of a pressure around the limb that reaches muscle")                                \
  X(external_skin_share, "", "share of a pressure around the limb that reaches skin")                                    \
  X(occlusion_pressure, "mmHg", "cuff pressure that stops arterial flow, measured or from the virtual test")             \
  X(reference_volume, "mL/100mL", "blood and gained interstitial fluid at rest, from which volume change counts")

/// The numbers of one limb; T is double or any scalar that the model is evaluated with.
template <class T>
struct LimbParameters {
#define LIMBFLOW_FIELD(name, unit, meaning) T name;
  LIMBFLOW_LIMB_PARAMETERS(LIMBFLOW_FIELD)
#undef LIMBFLOW_FIELD

  CuffDeviceResponse<T> device;
  WorkingMuscle<T> muscle;
  Reflexes<T> reflexes;

  CollapseRange<T> artery_range() const { return {artery_closed, artery_open}; }
  /// Of the vessels in muscle whose contraction adds `contraction` (mmHg) to tissue pressure: less in some places, more in others.
  CollapseRange<T> vessel_range(const T& contraction) const { return {vessel_closed, vessel_open + pressure_spread * contraction}; }
  CollapseRange<T> arteriole_range() const { return {arteriole_closed, arteriole_open}; }
  CollapseRange<T> vein_range() const { return {vein_closed, vein_open}; }

  VenousCurve<T> venous_curve() const {
    return {vein_stiffness, vein_unstressed_volume, vein_maximum_volume, vein_collapse_constant};
  }

  BedRegulation<T> muscle_regulation() const { return regulation(muscle_maximum_dilation, half_dilation_deficit); }
  BedRegulation<T> skin_regulation() const { return regulation(skin_maximum_dilation, skin_half_dilation_deficit); }

  /// Capillaries of a bed with this share of the tissue.
  CapillaryWall<T> capillary_wall(const T& share) const { return {share * filtration_coefficient, oncotic_difference, oncotic_rise}; }

private:
  BedRegulation<T> regulation(const T& maximum_dilation, const T& half_deficit) const {
    return {oxygen_store_time,    extraction_reserve,       extraction_steepness, diffusion_limit, transit_time,
            maximum_dilation,     half_deficit,    myogenic_sensitivity,
            veno_arteriolar_strength, {veno_arteriolar_start, veno_arteriolar_full}, tone_time};
  }
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
  T cost_factor = T(1.0);        ///< ATP of activation over that of an isometric contraction
  T work_cost = T(0.0);          ///< ATP for shortening work at the force of a fresh maximal contraction, mM/s
  T external_pressure = T(0.0);  ///< pressure on the whole limb below the cuff, mmHg
  T chest_pressure = T(0.0);     ///< added to arterial and central venous pressure by a held breath, mmHg
};

} // namespace limbflow::models
