// Each organ's equations by what must follow from them: closed solutions, inverses, integrals, derivatives, limits, or the equation of
// MODEL.md written out once more in plain numbers.
#include "models/anatomy.hpp"
#include "models/arterial_source.hpp"
#include "models/capillary_refill.hpp"
#include "models/collapsible_vessel.hpp"
#include "models/cuff_device.hpp"
#include "models/cuff_transmission.hpp"
#include "models/distal_artery.hpp"
#include "models/energetics.hpp"
#include "models/filtration.hpp"
#include "models/motor_units.hpp"
#include "models/oxygen.hpp"
#include "models/reflexes.hpp"
#include "models/scenario.hpp"
#include "models/vascular_bed.hpp"
#include "models/veins.hpp"
#include "models/virtual_tests.hpp"
#include "models/working_muscle.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace limbflow::models {
namespace {

double integral(const std::function<double(double)>& f, double from, double to, int steps = 4000) {
  double sum = 0.0;
  for (int k = 0; k < steps; ++k)
    sum += f(from + (to - from) * (k + 0.5) / steps);
  return sum * (to - from) / steps;
}

double slope(const std::function<double(double)>& f, double at, double step = 1e-5) { return (f(at + step) - f(at - step)) / (2.0 * step); }

/// Parameters of a person's limb, and numbers between bounds.
class Equations : public ::testing::Test {
protected:
  LimbParameters<double> p = resting_limb(limb_parameters(load_scenario("30-15-15-15"))).parameters;
  std::mt19937_64 random{20260406};
  double between(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); }
};

// ---- vessels

TEST(EquationsOfVessels, ACollapsibleVesselOpensSmoothlyAndItsIntegralIsThatOfItsOpening) {
  const CollapseRange<double> range{-3.0, 7.0};
  EXPECT_EQ(open_fraction(-3.0, range), 0.0);
  EXPECT_EQ(open_fraction(7.0, range), 1.0);
  EXPECT_DOUBLE_EQ(open_fraction(2.0, range), 0.5);
  EXPECT_DOUBLE_EQ(open_fraction(-0.5, range), 0.15625); // x = 1/4: 3/16 - 2/64
  EXPECT_EQ(open_fraction(-50.0, range), 0.0);
  EXPECT_EQ(open_fraction(50.0, range), 1.0);
  for (const double pressure : {-5.0, -2.0, 0.0, 2.0, 5.0, 7.0, 12.0})
    EXPECT_NEAR(open_pressure_integral(pressure, range), integral([&](double x) { return open_fraction(x, range); }, -10.0, pressure, 20000), 1e-5)
        << pressure;
  const CollapseRange<double> opening{0.0, 2.0};
  EXPECT_EQ(valve(-4.0, opening), 0.0);
  EXPECT_DOUBLE_EQ(valve(2.0, opening), 1.0);
  EXPECT_DOUBLE_EQ(valve(12.0, opening), 11.0);
}

TEST(EquationsOfVessels, NoParametersInRangeContradictEachOther) {
  const core::ParameterTable table = load_scenario("30-15-15-15").parameters;
  for (const auto& [lower, upper] : {std::pair("artery_closed", "artery_open"), std::pair("arteriole_closed", "arteriole_open"),
                                     std::pair("vein_closed", "vein_open"), std::pair("vessel_closed", "vessel_open"),
                                     std::pair("veno_arteriolar_start", "veno_arteriolar_full"),
                                     std::pair("resting_phosphocreatine", "total_creatine")})
    EXPECT_LT(table.at(lower).high, table.at(upper).low) << lower << ", " << upper;
}

TEST(EquationsOfVessels, ThePulseIsTheSumOfItsHarmonics) {
  constexpr std::array<double, 5> cosine{-0.01143, -0.11127, -0.11559, -0.04545, -0.03350};
  constexpr std::array<double, 5> sine{0.33434, 0.15531, 0.02085, -0.01623, -0.00985};
  for (const double phase : {0.0, 0.07, 0.16, 0.3, 0.43, 0.71, 0.99, 1.3, -0.2}) {
    double shape = pulse_shape_mean;
    for (std::size_t k = 0; k < 5; ++k) {
      const double angle = 2.0 * std::numbers::pi * static_cast<double>(k + 1) * phase;
      shape += cosine[k] * std::cos(angle) + sine[k] * std::sin(angle);
    }
    EXPECT_NEAR(pulse_shape(phase), shape, 1e-13) << phase;
  }
  for (const double phase : {0.125, 0.40625, 0.75}) // after 33 million beats to the bit what it is in the first
    EXPECT_EQ(pulse_shape(phase + 0x1p25), pulse_shape(phase));
  EXPECT_NEAR(integral([](double x) { return pulse_shape(x); }, 0.0, 1.0), pulse_shape_mean, 1e-12);
  double lowest = 1.0, highest = 0.0;
  for (int k = 0; k < 1000; ++k) {
    lowest = std::min(lowest, pulse_shape(k * 1e-3));
    highest = std::max(highest, pulse_shape(k * 1e-3));
  }
  EXPECT_NEAR(lowest, 0.0, 2e-3);
  EXPECT_NEAR(highest, 1.0, 2e-3);
  EXPECT_NEAR(pulse_shape(pulse_mean_phase), pulse_shape_mean, 2e-3);
  EXPECT_LT(slope([](double x) { return pulse_shape(x); }, pulse_mean_phase), 0.0);
  EXPECT_DOUBLE_EQ(pulse_shape_samples<32>()[5], pulse_shape(pulse_mean_phase + 5.5 / 32.0));
  const auto [low, high] = std::minmax_element(pulse_shape_samples<32>().begin(), pulse_shape_samples<32>().end());
  EXPECT_DOUBLE_EQ(pulse_shape_range<32>(), *high - *low);
}

TEST(EquationsOfVessels, ACuffPressesAtDepth) {
  EXPECT_NEAR(depth_transmission(10.0, 5.0, 0.7, 1.0), 1.0 - std::exp(-1.4), 1e-15);
  EXPECT_NEAR(depth_transmission(10.0, 2.5, 0.7, 0.5), 1.0 - std::exp(-1.4), 1e-15);
  EXPECT_NEAR(artery_depth(20.0 * std::numbers::pi, 1.0, 0.3), 0.3 * 9.0 + 1.0, 1e-12);
  EXPECT_DOUBLE_EQ(pressing_pressure(0.0, 8.0), 0.0);
  EXPECT_DOUBLE_EQ(pressing_pressure(10.0, 8.0), 14.0);
  EXPECT_DOUBLE_EQ(pressing_pressure(60.0, 8.0), 68.0);
}

TEST(EquationsOfVessels, TheNailBedFillsThroughItsResistance) {
  const double at_rest = 1.6, pressure = 85.0, colour = 25.0;
  EXPECT_DOUBLE_EQ(capillary_refill_time(pressure, 1.0, 0.3, at_rest, pressure, colour), at_rest);
  EXPECT_NEAR(capillary_refill_time(pressure, 0.5, 0.3, at_rest, pressure, colour), at_rest * (0.3 + 0.7 / 0.5), 1e-12);
  // dP/dt = (P_a - P) / tau from nothing: tau from the resting time, then the time to the colour at another pressure.
  const double tau = at_rest / -std::log(1.0 - colour / pressure);
  double filled = 0.0, time = 0.0;
  for (; filled < colour; time += 1e-5)
    filled += 1e-5 * (50.0 - filled) / tau;
  EXPECT_NEAR(capillary_refill_time(50.0, 1.0, 0.3, at_rest, pressure, colour), time, 1e-3);
  EXPECT_EQ(capillary_refill_time(20.0, 1.0, 0.3, at_rest, pressure, colour), capillary_refill_time(25.0, 1.0, 0.3, at_rest, pressure, colour));
  EXPECT_GT(capillary_refill_time(20.0, 1.0, 0.3, at_rest, pressure, colour), 10.0);
  EXPECT_EQ(capillary_refill_time(20.0, 0.01, 0.3, at_rest, pressure, colour), longest_refill_time);
}

// ---- veins, tissue fluid

TEST_F(Equations, VeinsStiffenAsTheyFillAndCollapseAsTheyEmpty) {
  const VenousCurve<double> curve{4.0, 2.0, 6.0, 0.5, 0.01};
  for (const double volume : {0.4, 1.0, 2.0, 3.5, 5.0})
    EXPECT_NEAR(venous_pressure(volume, curve), 4.0 * (volume - 2.0) / (1.0 - std::pow(volume / 6.0, 3)) - 0.5 / volume, 1e-12);
  double before = -1e9;
  for (double volume = 0.1; volume < 5.9; volume += 0.1) {
    EXPECT_GT(venous_pressure(volume, curve), before);
    before = venous_pressure(volume, curve);
  }
}

TEST_F(Equations, LateVeinsFillSlowlyAndDrainFast) {
  const auto flow = [](double main, double late) { return late_filling(VenousFilling<double>{main, late}, 0.25, core::Divisor(100.0), core::Divisor(4.0)); };
  EXPECT_EQ(flow(3.0, 3.0), 0.0);
  EXPECT_DOUBLE_EQ(flow(3.0, 1.0), 0.25 * 2.0 / 100.0);
  // Far above the valves' volume all but their opening goes at the drainage time: the excess beyond half the range.
  EXPECT_NEAR(flow(1.0, 3.0), -0.25 * (2.0 / 100.0 + (2.0 - 0.5 * late_valve_volume) * (1.0 / 4.0 - 1.0 / 100.0)), 1e-14);
  EXPECT_LT(flow(1.0, 3.0), -10.0 * flow(3.0, 1.0));
}

TEST_F(Equations, VeinsThatAreNearlyEmptyHardlyConduct) {
  const VenousCurve<double>& curve = p.venous_curve;
  EXPECT_NEAR(emptying_conductance(curve.unstressed_volume, curve), 1.0 / (1.0 + curve.unstressed_resistance), 1e-14);
  EXPECT_NEAR(emptying_conductance(std::sqrt(curve.unstressed_resistance) * curve.unstressed_volume, curve), 0.5, 1e-14);
  EXPECT_EQ(emptying_conductance(0.0, curve), 0.0);
  EXPECT_GT(emptying_conductance(p.venous_curve.unstressed_volume * 2.0, curve), 0.997);
  // Their pressure falls without bound, but their volume keeps a time scale of milliseconds, pressed from outside by 200 mmHg.
  const double main_scale = (1.0 - p.deep_share) * p.vein_scale * (1.0 - p.late_vein_share);
  const auto emptied = [&](double volume) { // of the veins' volume, 1/s
    return (1.0 - p.deep_share) * p.venous_conductance * emptying_conductance(volume, curve) * (venous_pressure(volume, curve) + 200.0) / main_scale;
  };
  for (const double volume : {0.002, 0.004, 0.01, 0.03, 0.1, 0.3}) {
    const double slope = (emptied(1.001 * volume) - emptied(0.999 * volume)) / (0.002 * volume);
    EXPECT_LT(std::abs(slope), 300.0) << volume; // 1/s; at constant conductance up to 10,000
  }
}

TEST_F(Equations, OutflowPastTheCuffIsAnOrdinaryResistorWhereTheVeinIsOpen) {
  const CollapseRange<double> range{-2.0, 1.0};
  const CollapseRange<double> opening{0.0, 0.5};
  EXPECT_NEAR(outflow_past_cuff(20.0, 10.0, 0.02, range, opening), 0.02 * (10.0 - 0.5 * opening.open), 1e-14);
  EXPECT_EQ(outflow_past_cuff(10.0, 20.0, 0.02, range, opening), 0.0);
  EXPECT_EQ(outflow_past_cuff(-5.0, -30.0, 0.02, range, opening), 0.0);
  // Shut at its outlet it is a waterfall: what is beyond does not matter.
  EXPECT_EQ(outflow_past_cuff(20.0, -10.0, 0.02, range, opening), outflow_past_cuff(20.0, -100.0, 0.02, range, opening));
}

TEST_F(Equations, FiltrationThickensPlasmaAndLymphCarriesItAway) {
  EXPECT_DOUBLE_EQ(interstitial_pressure(1.5, -2.0, core::Divisor(0.5)), 1.0);
  const CapillaryWall<double> wall{1e-4, 15.0, 60.0};
  for (const double capillary : {10.0, 25.0, 90.0})
    for (const double flow : {1e-3, 0.03}) {
      const double filtered = capillary_filtration(capillary, -2.0, flow, wall);
      // Starling's law with the oncotic pressure that this filtration makes.
      EXPECT_NEAR(filtered, wall.coefficient * (capillary + 2.0 - 15.0 - wall.oncotic_rise * filtered / flow), 1e-15);
    }
  const CollapseRange<double> stopping{0.0, 40.0};
  EXPECT_DOUBLE_EQ(lymph_flow(2.0, 1e-4, 3e-4, 0.0, stopping), 7e-4);
  EXPECT_DOUBLE_EQ(lymph_flow(2.0, 1e-4, 3e-4, 20.0, stopping), 3.5e-4);
  EXPECT_EQ(lymph_flow(2.0, 1e-4, 3e-4, 45.0, stopping), 0.0);
  EXPECT_EQ(lymph_flow(-2.0, 1e-4, 3e-4, 0.0, stopping), 0.0);
}

// ---- a limb at rest

TEST_F(Equations, ASupineLimbIsMadeToCarryItsRestingFlow) {
  const Scenario supine = with(load_scenario("30-15-15-15"), {{"posture", "supine"}});
  const LimbParameters<double> made = limb_parameters(supine);
  const double flow = made.active_resting_flow + made.inactive_resting_flow + made.skin_resting_flow;
  EXPECT_NEAR(flow, supine.parameters.value("leg_resting_flow") * 100.0, 1e-12);
  EXPECT_NEAR(made.resting_arterial_pressure,
              made.diastolic_pressure + 0.37793 * (made.systolic_pressure - made.diastolic_pressure), 1e-12);
  const double venous = made.central_venous_pressure + flow / made.venous_conductance;
  const double fall = made.resting_arterial_pressure - venous;
  const double share = supine.parameters.value("artery_conduit_share_leg");
  EXPECT_NEAR(flow / made.artery_conductance, share * fall, 1e-9);
  const double column = made.hydrostatic_limb;
  const double across = open_pressure_integral(venous + (1.0 - share) * fall + column, made.arteriole) -
                        open_pressure_integral(venous + column, made.arteriole);
  EXPECT_NEAR(made.skin_resting_flow / made.skin_conductance, across, 1e-9);
  EXPECT_NEAR(made.inactive_resting_flow / made.inactive_conductance, across, 1e-9);
  EXPECT_NEAR(made.resting_arteriolar_pressure, venous + (1.0 - share) * fall + column - 0.5 * across, 1e-9);
  const double inside = made.hydrostatic_muscle - supine.parameters.value("resting_interstitial_pressure");
  const double across_working = open_pressure_integral(venous + (1.0 - share) * fall + inside, made.vessel) -
                                open_pressure_integral(venous + inside, made.vessel);
  EXPECT_NEAR(made.active_resting_flow / made.active_conductance, across_working, 1e-9);
  const double artery = artery_at_rest(supine).transmural_pressure;
  EXPECT_NEAR(made.arterial_compliance, arterial_wall(supine.parameters).compliance(artery - 0.5 * across, artery), 1e-12);
  // Lymph carries away what is filtered under the capillaries' pressure, in muscle and in skin.
  const auto number = [&](const char* name) { return supine.parameters.value(name); };
  const double capillary = venous + number("post_capillary_share") * (1.0 - share) * fall + column;
  const double outward = capillary - number("resting_interstitial_pressure") - number("oncotic_difference");
  double lymph = 0.0;
  for (const auto& [depth, carried] : {std::pair{number("deep_venous_share"), number("leg_muscle_share_of_resting_flow")},
                                       std::pair{1.0 - number("deep_venous_share"), 1.0 - number("leg_muscle_share_of_resting_flow")}}) {
    const double coefficient = depth * made.filtration_coefficient, through = carried * flow;
    lymph += coefficient * outward * through / (through + coefficient * number("oncotic_rise"));
  }
  EXPECT_GT(lymph, 0.0);
  EXPECT_NEAR(made.resting_lymph_flow, lymph, 1e-9 * lymph);
}

TEST_F(Equations, VeinsAndSkinAgeFromTheReferenceMansYearsOn) {
  const Scenario scenario = load_scenario("30-15-15-15");
  const auto at = [&](const char* age) { return limb_parameters(with(scenario, {{"person.age", age}})); };
  const double loss = scenario.parameters.value("venous_capacity_loss_with_age"), rise = scenario.parameters.value("refill_time_rise_with_age");
  EXPECT_NEAR(at("24 yr").vein_scale, 1.0, 1e-14);
  EXPECT_NEAR(at("64 yr").vein_scale, 1.0 - 40.0 * loss, 1e-12);
  EXPECT_NEAR(at("18 yr").vein_scale, 1.0 + 6.0 * loss, 1e-12);
  EXPECT_NEAR(at("64 yr").resting_refill_time / at("24 yr").resting_refill_time, 1.0 + 40.0 * rise, 1e-12);
}

TEST_F(Equations, AMuscleIsMadeOfItsFibresAndTheirRestingChemistry) {
  const Scenario scenario = load_scenario("30-15-15-15");
  const auto number = [&](const char* name) { return scenario.parameters.value(name); };
  const WorkingMuscle<double> muscle = limb_parameters(scenario).muscle;
  const auto& share = muscle.pool.share;
  EXPECT_NEAR(share[0], number("knee_extensors_type_1"), 1e-12);
  EXPECT_NEAR(share[1], number("knee_extensors_type_2a"), 1e-12);
  EXPECT_NEAR(share[0] + share[1] + share[2], 1.0, 1e-12);
  for (const FibreEnergetics<double>& fibre : muscle.fibre) {
    const Phosphates<double> rest = phosphates(muscle.resting_energy, muscle.resting_ph, fibre);
    EXPECT_NEAR(rest.phosphocreatine, number("resting_phosphocreatine"), 1e-6);
    EXPECT_NEAR(rest.inorganic, number("resting_phosphate"), 1e-6);
    EXPECT_NEAR(rest.adp, fibre.resting_adp, 1e-9);
    EXPECT_NEAR(rest.atp, number("total_adenine") - fibre.resting_adp, 1e-6);
  }
}

TEST(EquationsOfVessels, ARegulatorThatRunsOutOfAirFades) {
  const CuffDeviceResponse<double> device{3300.0, 4.4, 0.01, 0.0085, 0.05, {0.0, 20.0}, 0.5, 2.0, 0.0, 0.33};
  const auto rate = [&](double loss) { return cuff_loss_rate(100.0, 110.0, loss, device); };
  EXPECT_GT(rate(0.0), 0.0);
  EXPECT_DOUBLE_EQ(rate(0.5), rate(0.0));
  EXPECT_NEAR(rate(0.95), 0.5 * rate(0.0), 1e-12);
  EXPECT_NEAR(rate(1.0), 0.0, 1e-15);
}

TEST_F(Equations, ALimbThatHangsOrIsRaisedLosesFlow) {
  for (const char* arm_or_leg : {"arm", "leg"}) {
    const auto inflow = [&](double raised) {
      const Scenario scenario = parse_scenario("title = \"rest\"\nextends = [\"people/adult_man.toml\"]\nlimb = \"" + std::string(arm_or_leg) +
                                               "\"\nposture = \"supine\"\nlimb_raised = \"" + std::to_string(raised) +
                                               " cm\"\n[timing]\npassive = \"1 s\"\n");
      const RestingLimb limb = resting_limb(limb_parameters(scenario));
      std::array<double, limb_signal_count> signals{};
      AveragedLimb::evaluate_signals(0.0, limb.state.data(), limb.parameters, LimbControls<double>{}, signals.data());
      return signals[signal_arterial_inflow];
    };
    const double level = inflow(0.0);
    for (const double away : {10.0, 30.0, 50.0}) {
      EXPECT_LT(inflow(away), 0.99 * inflow(away - 10.0)) << arm_or_leg << ' ' << away << " cm up";
      EXPECT_LT(inflow(-away), level) << arm_or_leg << ' ' << away << " cm down";
    }
  }
}

TEST_F(Equations, AWorkingMuscleHangsAtItsOwnHeight) {
  const auto of = [](const char* limb, const char* muscle) {
    return parse_scenario("title = \"rest\"\nextends = [\"people/adult_man.toml\"]\nlimb = \"" + std::string(limb) +
                          "\"\nposture = \"seated\"\n[exercise]\nname = \"x\"\nmuscle = \"" + muscle +
                          "\"\nload = \"20 %MVC\"\nsets = [1]\nhold = \"10 s\"\n");
  };
  for (const auto& [limb, muscle, share] : {std::tuple("leg", "knee extensors", "knee_extensors_level_share"),
                                            std::tuple("leg", "plantar flexors", "plantar_flexors_level_share"),
                                            std::tuple("arm", "elbow flexors", "elbow_flexors_level_share")}) {
    const Scenario scenario = of(limb, muscle);
    const auto level = [&](const std::string& name) { return scenario.parameters.value("seated_" + std::string(limb) + name); };
    const double below = level("_cuff_level") + scenario.parameters.value(share) * (level("_limb_level") - level("_cuff_level"));
    EXPECT_NEAR(limb_parameters(scenario).hydrostatic_muscle, scenario.parameters.value("blood_column") * below, 1e-12) << muscle;
  }
  // A contraction that all but shuts the vessels of a thigh leaves those of a calf, 32 cm lower, far less.
  const auto share_of_rest = [&](const char* muscle) {
    const RestingLimb limb = resting_limb(limb_parameters(of("leg", muscle)));
    const auto flow = [&](double force) {
      LimbControls<double> pressing;
      pressing.force = force;
      std::array<double, limb_signal_count> signals{};
      AveragedLimb::evaluate_signals(0.0, limb.state.data(), limb.parameters, pressing, signals.data());
      return signals[signal_working_muscle_flow];
    };
    return flow(0.5) / flow(0.0);
  };
  const double thigh = share_of_rest("knee extensors"), calf = share_of_rest("plantar flexors");
  EXPECT_GT(calf, 0.05);
  EXPECT_LT(thigh, 0.3 * calf);
}

TEST_F(Equations, OxygenAndPhosphatesDilateAWorkingMuscleEachByItsHalf) {
  const RestingLimb limb = resting_limb(limb_parameters(load_scenario("30-15-15-15")));
  const LimbParameters<double>& leg = limb.parameters;
  const auto tone_rate_of = [&](double oxygen_stores, double phosphate) {
    std::vector<double> y = limb.state, dydt(limb_state_count);
    y[muscle_oxygen] -= oxygen_stores * leg.muscle.resting_oxygen;
    for (std::size_t k = 0; k < fibre_classes; ++k)
      y[fibre_energy + k] -= phosphate;
    AveragedLimb::rhs(0.0, y.data(), dydt.data(), leg, LimbControls<double>{});
    return dydt[active_tone];
  };
  const double store = 0.5, phosphate = 6.0;
  const double need = store / load_scenario("30-15-15-15").parameters.value("leg_half_dilation_deficit");
  EXPECT_NEAR(tone_rate_of(store, 0.0), tone_rate_of(0.0, need * leg.half_dilation_energy), 1e-6);
  EXPECT_GT(tone_rate_of(store, phosphate), tone_rate_of(0.0, phosphate));
  // The constrictions that dilation takes away are small beside it: half of the largest dilation where either asks for that.
  EXPECT_NEAR(tone_rate_of(0.0, leg.half_dilation_energy) * leg.muscle_bed.tone_time_constant, 0.5 * leg.muscle_bed.maximum_dilation,
              0.25 * leg.muscle_bed.maximum_dilation);
}

TEST_F(Equations, ATraceOfOxygenBelowNothingIsReportedAsNone) {
  std::vector<double> y = resting_limb(limb_parameters(load_scenario("30-15-15-15"))).state;
  y[capillary_oxygen] = -1e-4; // far more than integration leaves, so that it outweighs what the other beds' blood brings
  y[inactive_perfusion] = y[skin_perfusion] = 0.0;
  std::array<double, limb_signal_count> signals{};
  AveragedLimb::evaluate_signals(0.0, y.data(), p, LimbControls<double>{}, signals.data());
  EXPECT_GE(signals[signal_venous_oxygen_saturation], 0.0);
}

TEST_F(Equations, SignalsAreWhatTheySayTheyAre) {
  p.occlusion_pressure = 150.0;
  std::vector<double> y = resting_limb(limb_parameters(load_scenario("30-15-15-15"))).state;
  y[pressor] = 12.0;
  y[heart_rate_rise] = 0.4;
  y[cuff_loss] = 0.05;
  for (std::size_t k = 0; k < fibre_classes; ++k)
    y[fibre_ph + k] = 6.7;
  LimbControls<double> c;
  c.segment_begin = 30.0;
  c.cuff_pressure_begin = c.cuff_pressure_set = 90.0;
  c.cuff_pressure_rate = 2.0;
  c.shortening_begin = 0.3;
  c.shortening_rate = 0.1;
  c.force = 0.2;
  c.chest_pressure = 15.0;
  std::array<double, limb_signal_count> signals{};
  AveragedLimb::evaluate_signals(32.0, y.data(), p, c, signals.data());

  const double systolic = p.systolic_pressure + 1.3 * 12.0 + 15.0, diastolic = p.diastolic_pressure + p.reflexes.diastolic_share * 12.0 + 15.0;
  EXPECT_NEAR(signals[signal_systolic_pressure], systolic, 1e-12);
  EXPECT_NEAR(signals[signal_diastolic_pressure], diastolic, 1e-12);
  EXPECT_NEAR(signals[signal_mean_arterial_pressure], diastolic + 0.37793 * (systolic - diastolic), 1e-12);
  EXPECT_NEAR(signals[signal_heart_rate], 60.0 * (p.heart_rate + 0.4), 1e-12);
  EXPECT_NEAR(signals[signal_rate_pressure_product], signals[signal_heart_rate] * systolic, 1e-9);
  const double strain = p.device.contraction_bulge * signals[signal_force] + p.device.shortening_bulge * (0.3 + 0.1 * 2.0) +
                        p.device.swelling_bulge * 0.01 * signals[signal_limb_volume_change];
  EXPECT_NEAR(signals[signal_cuff_pressure], delivered_pressure(94.0, 0.05, strain, p.device), 1e-10);
  EXPECT_NEAR(signals[signal_cuff_pressure_aop],
              signals[signal_cuff_pressure] / 150.0 * (p.systolic_pressure + p.hydrostatic_cuff) / (systolic + p.hydrostatic_cuff), 1e-12);
  EXPECT_NEAR(signals[signal_venous_volume], (y[deep_venous_volume] + y[superficial_venous_volume]) * 0.01 * p.tissue_volume, 1e-9);
  EXPECT_NEAR(signals[signal_limb_volume_change],
              y[arterial_volume] + y[deep_venous_volume] + y[superficial_venous_volume] + y[interstitial_volume] - p.reference_volume, 1e-12);
  const auto distension = [&](double volume, double slow, double scale) {
    return venous_pressure((volume - slow) / (scale * (1.0 - p.late_vein_share)), p.venous_curve);
  };
  EXPECT_NEAR(signals[signal_superficial_venous_pressure],
              distension(y[superficial_venous_volume], y[superficial_slow_volume], (1.0 - p.deep_share) * p.vein_scale), 1e-10);
  EXPECT_NEAR(signals[signal_deep_venous_pressure],
              distension(y[deep_venous_volume], y[deep_slow_volume], p.deep_share * p.vein_scale) +
                  p.active_share * (signals[signal_intramuscular_pressure] - signals[signal_interstitial_pressure]), 1e-10);
  const double fresh_force = 0.01 * signals[signal_emg_amplitude]; // of a hold
  EXPECT_GT(fresh_force, signals[signal_force]);
  EXPECT_NEAR(signals[signal_intramuscular_pressure],
              signals[signal_interstitial_pressure] + p.intramuscular_gain * fresh_force +
                  p.intramuscular_first * fresh_force / (fresh_force + p.intramuscular_first_force), 1e-10);
  std::array<FibreState<double>, fibre_classes> fibres;
  for (std::size_t k = 0; k < fibre_classes; ++k)
    fibres[k] = {y[fibre_energy + k], y[fibre_ph + k], y[fibre_lactate + k], y[fibre_excitability_loss + k], y[fibre_lasting_loss + k]};
  const auto now = muscle_moment(fibres, y[central_fatigue], y[muscle_oxygen], MuscleTask<double>{c.force, c.velocity_factor, c.slowest_velocity_factor, c.cost_factor, c.work_cost}, p.muscle);
  EXPECT_GT(now.afferent, 0.0);
  EXPECT_NEAR(signals[signal_discomfort], 10.0 * (1.0 - (1.0 - 0.7 * now.afferent) * (1.0 - 0.35 * signals[signal_cuff_pressure_aop])), 1e-10);
  EXPECT_NEAR(signals[signal_perceived_effort], 10.0 * now.needed_drive / now.available_drive, 1e-10);

  y[central_fatigue] = 0.07; // recovers while afferents drive it
  std::array<double, limb_state_count> rates{};
  AveragedLimb::rhs(32.0, y.data(), rates.data(), p, c);
  EXPECT_NEAR(rates[central_fatigue], (p.muscle.central_maximum * now.afferent - 0.07) / p.muscle.central_time, 1e-15);

  // Blood of a bed through which next to none flows counts for a millionth of the resting flow.
  y[active_perfusion] = y[skin_perfusion] = 0.0;
  AveragedLimb::evaluate_signals(32.0, y.data(), p, c, signals.data());
  const double least = 1e-6 * (p.active_resting_flow + p.inactive_resting_flow + p.skin_resting_flow);
  const double inactive = y[inactive_perfusion] * p.inactive_resting_flow;
  EXPECT_NEAR(signals[signal_venous_lactate] - y[blood_lactate],
              least * (y[capillary_lactate] - y[blood_lactate]) / (2.0 * least + inactive), 1e-14);
}

// ---- beds

TEST_F(Equations, ABedAtRestIsInBalanceAndAnswersAsItsEquationsSay) {
  const BedRegulation<double> bed = p.muscle_bed;
  const double e = bed.maximum_extraction_ratio;
  EXPECT_NEAR(extraction_ratio(0.0, bed), 1.0, 1e-15);
  EXPECT_NEAR(extraction_ratio(50.0 / bed.extraction_steepness, bed), e, 1e-9);
  EXPECT_NEAR(extraction_ratio(0.3, bed), e / (1.0 + (e - 1.0) * std::exp(-bed.extraction_steepness * 0.3)), 1e-14);
  EXPECT_NEAR(deficit_rate(0.0, 1.0, bed), 0.0, 1e-12);
  EXPECT_NEAR(deficit_rate(0.0, 0.0, bed), 1.0 / bed.store_time_constant, 1e-15); // flow that stops
  EXPECT_NEAR(extracted_share(0.0, 1.0, bed), 1.0 / e, 1e-12);
  EXPECT_NEAR(extracted_share(0.0, 3.0, bed), (1.0 + 1.0 / bed.diffusion_limit) / (1.0 + 3.0 / bed.diffusion_limit) / e, 1e-12);
  EXPECT_NEAR(extracted_share(100.0, 1e-9, bed), 1.0, 0.03); // never more than there is
  EXPECT_LE(extracted_share(100.0, 1e-9, bed), 1.0);
  EXPECT_DOUBLE_EQ(perfusion_rate(1.0, 3.0, bed), 2.0 / bed.transit_time);
  EXPECT_DOUBLE_EQ(tone_rate(1.0, 3.0, bed), 2.0 / bed.tone_time_constant);

  const double open = bed.veno_arteriolar_range.open, closed = bed.veno_arteriolar_range.closed;
  EXPECT_DOUBLE_EQ(tone_target(0.0, 0.0, closed, bed), 1.0);
  EXPECT_DOUBLE_EQ(tone_target(-3.0, 0.0, closed, bed), 1.0);
  EXPECT_NEAR(tone_target(0.0, 10.0, closed, bed), std::exp(-10.0 * bed.myogenic_sensitivity), 1e-14);
  EXPECT_NEAR(tone_target(0.0, 0.0, open, bed), 1.0 - bed.veno_arteriolar_strength, 1e-14);
  EXPECT_NEAR(tone_target(1.0, 10.0, open, bed), // half dilated: what is open beyond rest feels neither constriction
              std::exp(-10.0 * bed.myogenic_sensitivity) * (1.0 - bed.veno_arteriolar_strength) + 0.5 * (bed.maximum_dilation - 1.0), 1e-12);
}

TEST_F(Equations, ArteriolesCloseAtLessWhereTheirBedIsDilated) {
  const CollapseRange<double> at_rest{20.0, 60.0};
  for (const double ratio : {0.3, 1.0}) { // constriction does not raise it
    EXPECT_EQ(arteriole_range(ratio, at_rest).closed, 20.0);
    EXPECT_EQ(arteriole_range(ratio, at_rest).open, 60.0);
  }
  for (const double ratio : {1.2, 4.0, 9.0}) { // from 1.2 on, what the smooth start takes is half of it
    const CollapseRange<double> dilated = arteriole_range(ratio, at_rest);
    EXPECT_NEAR(dilated.closed, 20.0 / std::sqrt(ratio - 0.1), 1e-12);
    EXPECT_NEAR(dilated.open, 60.0 / std::sqrt(ratio - 0.1), 1e-12);
  }
}

TEST_F(Equations, BedsAtRestThatAreDilatedAreFedThroughOpenArterioles) {
  const RestingLimb rest = resting_limb(limb_parameters(load_scenario("30-15-15-15")));
  std::vector<double> y = rest.state;
  const auto skin_flow = [&](double tone) {
    y[skin_tone] = y[inactive_tone] = tone;
    std::array<double, limb_signal_count> signals{};
    PulsatileLimb::evaluate_signals(0.0, y.data(), rest.parameters, LimbControls<double>{}, signals.data());
    return signals[signal_skin_flow];
  };
  const double arterial = y[arterial_volume] / rest.parameters.arterial_compliance; // transmural, as the venous one
  const double venous = venous_pressure((y[superficial_venous_volume] - y[superficial_slow_volume]) / rest.parameters.superficial_main_scale,
                                        rest.parameters.venous_curve);
  const auto expected = [&](double tone) {
    const CollapseRange<double> range = arteriole_range(tone, rest.parameters.arteriole);
    return tone * rest.parameters.skin_conductance * rest.parameters.tissue_volume * 0.6 *
           (open_pressure_integral(arterial, range) - open_pressure_integral(venous, range));
  };
  for (const double tone : {0.5, 1.0, 3.0, 8.0})
    EXPECT_NEAR(skin_flow(tone), expected(tone), 1e-9 * expected(tone)) << tone;
  EXPECT_GT(skin_flow(8.0), 10.0 * skin_flow(1.0)); // more than conductance alone
}

// ---- oxygen

TEST_F(Equations, HaemoglobinFollowsHillAndBohrAndTissueItsInverse) {
  const OxygenCarriage<double>& o = p.muscle.oxygen;
  EXPECT_NEAR(blood_oxygen_pressure(0.5, 7.4, o), o.p50, 1e-12);
  EXPECT_NEAR(blood_oxygen_pressure(0.8, 7.4, o), o.p50 * std::pow(4.0, 1.0 / o.hill), 1e-10);
  EXPECT_NEAR(blood_oxygen_pressure(0.5, 7.2, o), o.p50 * std::pow(10.0, 0.2 * o.bohr), 1e-10);
  EXPECT_NEAR(blood_oxygen_pressure(0.01, 7.4, o), 0.5 * blood_oxygen_pressure(0.02, 7.4, o), 1e-12);
  for (const double pressure : {0.01, 0.5, 3.0, 20.0, 90.0}) {
    const double content = tissue_oxygen_content(pressure, o);
    EXPECT_NEAR(content, o.myoglobin * myoglobin_saturation(pressure, o) + o.solubility * pressure, 1e-15);
    EXPECT_NEAR(tissue_oxygen_pressure(content, o), pressure, 1e-9 * (1.0 + pressure));
  }
  EXPECT_DOUBLE_EQ(myoglobin_saturation(o.myoglobin_p50, o), 0.5);
  EXPECT_DOUBLE_EQ(myoglobin_saturation(3.0 * o.myoglobin_p50, o), 0.75);
}

// ---- reflexes

TEST_F(Equations, ReflexesSettleWhereTheirGainsSay) {
  const Reflexes<double> r{20.0, 30.0, 0.6, 0.4, {0.0, 0.4}, 0.005, 12.0, 1.3, diastolic_response_share(1.3)};
  const double settled = 20.0 * 0.5 + 30.0 * 0.25 - 0.005 * 400.0;
  EXPECT_DOUBLE_EQ(pressor_rate(settled, 0.5, 0.25, 400.0, r), 0.0);
  EXPECT_DOUBLE_EQ(pressor_rate(0.0, 0.5, 0.25, 400.0, r), settled / 12.0);
  EXPECT_DOUBLE_EQ(heart_rate_rate(0.0, 0.5, 0.25, r), (0.3 + 0.1) / 12.0);
  EXPECT_DOUBLE_EQ(heart_rate_rate(0.4, 0.5, 0.25, r), 0.0);
  // Ischaemia after work raises pressure but not heart rate; half of the drive that withdraws the vagus lets half of it through.
  EXPECT_DOUBLE_EQ(heart_rate_rate(0.0, 0.0, 1.0, r), 0.0);
  EXPECT_DOUBLE_EQ(pressor_rate(0.0, 0.0, 1.0, 0.0, r), 30.0 / 12.0);
  EXPECT_DOUBLE_EQ(heart_rate_rate(0.0, 0.2, 1.0, r), (0.6 * 0.2 + 0.4 * 0.5) / 12.0);
  // Mean pressure rises by the response itself.
  EXPECT_NEAR(r.diastolic_share + pulse_shape_mean * (r.systolic_share - r.diastolic_share), 1.0, 1e-12);
  EXPECT_EQ(p.reflexes.diastolic_share, diastolic_response_share(p.reflexes.systolic_share));
  EXPECT_DOUBLE_EQ(p.reflexes.systolic_share, 1.3);
}

// ---- muscle

TEST_F(Equations, EnergyIsMadeAndUsedAsWrittenDown) {
  const RespirationOxygen<double>& r = p.muscle.respiration;
  for (int i = 0; i < 300; ++i) {
    const FibreEnergetics<double>& f = p.muscle.fibre[static_cast<std::size_t>(i) % fibre_classes];
    const double ph = between(6.2, 7.2), lactate = between(0.2, 30.0), a = between(0.0, 1.0), k = between(0.2, 1.2), work = between(0.0, 5.0);
    const double capacity = between(0.1, 1.0), oxygen = between(0.01, 30.0);
    const Phosphates<double> held = phosphates(between(f.adenine + 1.0, 2.0 * f.adenine + f.creatine - 0.5), ph, f);
    const EnergyRates<double> rates = energy_rates(held, ph, lactate, a, k, work, capacity, oxygen_supply(oxygen, r), f);
    const double wanted = f.resting_use + f.contraction_cost * k * a * (f.fatigued_cost + (1.0 - f.fatigued_cost) * capacity) + work;
    EXPECT_NEAR(rates.use, wanted * held.atp / (held.atp + f.atp_half), 1e-12);
    const auto hill = [&](double adp) { return std::pow(adp, 2.2) / (std::pow(adp, 2.2) + std::pow(f.oxidative_adp.value, 2.2)); };
    const double fast = std::pow(oxygen, r.order) / (std::pow(oxygen, r.order) + std::pow(r.half.value, r.order));
    const double sensed = held.adp * std::pow(10.0, f.resting_ph - ph);
    const double oxidative = f.resting_use * oxygen / (oxygen + r.resting_half) +
                             f.oxidative_maximum * (hill(sensed) - hill(f.resting_adp)) * fast;
    EXPECT_NEAR(rates.oxidative, std::max(0.0, oxidative), 1e-10);
    const double inorganic = std::pow(std::max(0.0, held.inorganic), 2);
    const double glycolytic = f.glycolytic_maximum * (a + f.resting_glycolysis) * inorganic /
                              (inorganic + f.glycolytic_phosphate * f.glycolytic_phosphate) /
                              (1.0 + std::pow(100.0, -std::log10(f.glycolytic_hydrogen) - ph));
    EXPECT_NEAR(rates.glycolytic, glycolytic, 1e-10);
    EXPECT_NEAR(rates.lactate_formed, glycolytic / 1.5 - rates.oxidative / 15.0 * lactate / (lactate + f.lactate_half), 1e-10);
  }
}

TEST_F(Equations, PhosphateBuffersByItsOwnDissociation) {
  const FibreEnergetics<double>& f = p.muscle.fibre[0];
  for (const double ph : {6.3, 6.75, 7.1}) {
    const Phosphates<double> held = phosphates(30.0, ph, f);
    EXPECT_NEAR(held.dihydrogen, held.inorganic / (1.0 + std::pow(10.0, ph - 6.75)), 1e-12);
    const double own = -slope([&](double x) { return held.inorganic / (1.0 + std::pow(10.0, x - 6.75)); }, ph);
    EXPECT_NEAR(buffer_capacity(held, f), f.buffer + own, 1e-6);
    EXPECT_NEAR(protons_per_phosphocreatine(held), held.dihydrogen / held.inorganic, 1e-12); // the phosphate set free takes up as many
  }
}

TEST_F(Equations, FibresChangeAsWrittenDown) {
  const WorkingMuscle<double>& m = p.muscle;
  for (int i = 0; i < 100; ++i) {
    std::array<FibreState<double>, fibre_classes> fibres;
    for (std::size_t k = 0; k < fibre_classes; ++k)
      fibres[k] = {between(20.0, 45.0), between(6.3, 7.1), between(0.5, 30.0), between(0.0, 0.5), between(0.0, 0.5)};
    const double speed = between(0.5, 1.2);
    const MuscleTask<double> task{between(0.0, 0.4), speed, speed + between(0.0, 0.2), between(0.2, 1.0), between(0.0, 5.0)};
    const double central = between(0.0, 0.2), oxygen = between(0.01, 0.3), flow = between(0.0, 5.0), blood = between(0.5, 8.0);
    const auto now = muscle_moment(fibres, central, oxygen, task, m);

    double afferent = 0.0, metaboreflex = 0.0, drawn = 0.0, given = 0.0, most = 0.0, electric = 0.0;
    for (std::size_t k = 0; k < fibre_classes; ++k) {
      const Phosphates<double> held = phosphates(fibres[k].energy, fibres[k].ph, m.fibre[k]);
      const double risen = std::max(0.0, held.dihydrogen - m.resting_dihydrogen);
      EXPECT_NEAR(now.capacity[k], std::exp(-m.phosphate_sensitivity * risen) * (1.0 - fibres[k].excitability_loss) * (1.0 - fibres[k].lasting_loss), 1e-13);
      const double x = std::min(1.0, risen / m.afferent_dihydrogen.open);
      afferent += m.pool.share[k] * x * x * (3.0 - 2.0 * x);
      const double onset = std::min(1.0, risen / 0.5); // mM
      const double sensed = 0.5 * onset * onset * onset * (1.0 - 0.5 * onset) + std::max(0.0, risen - 0.5);
      metaboreflex += m.pool.share[k] * sensed / (sensed + m.metaboreceptor_dihydrogen);
      drawn += m.pool.share[k] * (m.resting_energy - fibres[k].energy);
      given += m.pool.share[k] * now.capacity[k] * now.activation[k] / m.pool.full_force;
      most += m.pool.share[k] * now.capacity[k] * activate(1.0 - central, m.pool).activation[k] / m.pool.full_force;
      electric += m.pool.share[k] * now.activation[k] / m.pool.full_force;
    }
    EXPECT_NEAR(now.afferent, afferent, 1e-12);
    EXPECT_NEAR(now.metaboreflex, metaboreflex, 1e-12);
    EXPECT_NEAR(now.oxygen_deficit, 1.0 - oxygen / m.resting_oxygen, 1e-12);
    EXPECT_NEAR(now.energy_deficit, drawn, 1e-12);
    EXPECT_NEAR(now.force, std::min(task.force, task.slowest_velocity_factor * given), 1e-12); // a lift slows down before it fails
    EXPECT_NEAR(force_reserve(fibres, central, task, m), most - task.force / task.slowest_velocity_factor, 1e-12);
    EXPECT_NEAR(now.maximum_force, most, 1e-12);
    EXPECT_NEAR(now.emg, electric, 1e-12);
    const double speed_factor = std::clamp(task.force / given, task.velocity_factor, task.slowest_velocity_factor);
    EXPECT_NEAR(now.fresh_force, electric * speed_factor, 1e-9);
    EXPECT_GE(now.fresh_force, now.force - 1e-12); // a tired pool works with more pressure than its force says
    EXPECT_NEAR(now.available_drive, 1.0 - central, 1e-15);
    EXPECT_EQ(now.drive, std::min(now.needed_drive, now.available_drive));
    if (now.needed_drive < now.available_drive) {
      EXPECT_NEAR(now.force, task.force, 1e-10);
    }
    EXPECT_NEAR(now.high_threshold * (m.pool.share[1] + m.pool.share[2]), m.pool.share[1] * now.activation[1] + m.pool.share[2] * now.activation[2], 1e-13);
    EXPECT_NEAR(tissue_oxygen_content(now.tissue_pressure, m.oxygen), oxygen, 1e-12);

    for (std::size_t k = 0; k < fibre_classes; ++k) {
      const FibreState<double>& fibre = fibres[k];
      const FibreRates<double> rates = fibre_rates(k, fibre, now, task, flow, blood, m);
      const double a = now.activation[k];
      const double work = task.work_cost * task.velocity_factor * a * now.capacity[k] / m.pool.full_force;
      const auto energy = energy_rates(now.phosphate[k], fibre.ph, fibre.lactate, a, task.cost_factor, work, now.capacity[k], now.oxygen, m.fibre[k]);
      EXPECT_NEAR(rates.change.energy, energy.oxidative + energy.glycolytic - energy.use, 1e-12);
      EXPECT_NEAR(rates.lactate_released, m.lactate_transport * (fibre.lactate - blood), 1e-12);
      EXPECT_NEAR(rates.change.lactate + rates.lactate_released, energy.lactate_formed, 1e-12);
      // Protons: what phosphocreatine takes up and blood carries away, less lactic acid's.
      const double protons = rates.change.ph * buffer_capacity(now.phosphate[k], m.fibre[k]);
      const double washed = m.proton_efflux * std::min(1.0, flow) * (m.resting_ph - fibre.ph);
      EXPECT_NEAR(protons + energy.lactate_formed - washed, -protons_per_phosphocreatine(now.phosphate[k]) * rates.change.energy, 1e-10);
      EXPECT_NEAR(rates.change.excitability_loss,
                  m.excitability_gain * a * (1.0 - fibre.excitability_loss) -
                      std::pow(1.0 - a, 3) * fibre.excitability_loss / (m.excitability_time + m.washout_time / flow), 1e-13);
      EXPECT_EQ(fibre_rates(k, fibre, now, task, 0.0, blood, m).change.excitability_loss,
                m.excitability_gain * a * (1.0 - fibre.excitability_loss)); // none comes back without blood
      EXPECT_NEAR(rates.change.lasting_loss + fibre.lasting_loss / m.lasting_time, m.lasting_gain * a * (1.0 - fibre.lasting_loss), 1e-13);
    }
  }
}

TEST_F(Equations, UnitsAreRecruitedAtTheirThresholdsAndRateCodedFromThere) {
  const MotorUnitPool<double> pool = motor_unit_pool({0.5, 0.3, 0.2}, 0.1, 0.85, 0.4, 0.35);
  for (std::size_t b = 0; b <= bins_per_class; ++b) {
    const double share = static_cast<double>(b) / bins_per_class;
    EXPECT_NEAR(pool.threshold[0][b], 0.85 * std::pow(0.6 * share, 0.85), 1e-14);
    EXPECT_NEAR(pool.threshold[1][b], 0.85 * std::pow(0.4 + 0.5 * share, 0.85), 1e-14);
    EXPECT_NEAR(pool.threshold[2][b], 0.85 * std::pow(0.7 + 0.3 * share, 0.85), 1e-14);
  }
  for (const double drive : {0.05, 0.2, 0.41, 0.63, 0.8, 0.97}) {
    const auto at = activate(drive, pool);
    for (std::size_t k = 0; k < fibre_classes; ++k) {
      double activation = 0.0;
      for (std::size_t b = 0; b < bins_per_class; ++b) {
        const double from = pool.threshold[k][b], to = pool.threshold[k][b + 1];
        const double recruited = std::clamp((drive - from) / (to - from), 0.0, 1.0);
        const double rate = std::clamp((drive - 0.5 * (from + to)) / 0.4, 0.0, 1.0);
        activation += recruited * (0.35 + 0.65 * rate) / bins_per_class;
      }
      EXPECT_NEAR(at.activation[k], activation, 1e-14);
      EXPECT_NEAR(at.slope[k], slope([&](double u) { return activate(u, pool).activation[k]; }, drive, 1e-7), 1e-6) << drive << ' ' << k;
    }
  }
  EXPECT_NEAR(pool.full_force, 0.5 * activate(1.0, pool).activation[0] + 0.3 * activate(1.0, pool).activation[1] + 0.2 * activate(1.0, pool).activation[2],
              1e-14);
}

// ---- the distal arteries, beat by beat and as the map of a beat

ArterialPath<double> example_path(double cuff) {
  return {0.004, cuff, {-5.0, 5.0}, 0.01, 4e-4, 0.0, 4.0, {5.0, 40.0}, 2e-4, 3.0, 6.0, {-2.0, 2.0}};
}

TEST(EquationsOfBeats, FlowsFollowTheIntegralOfTheOpening) {
  const ArterialPath<double> path = example_path(60.0);
  EXPECT_NEAR(cuff_artery_flow(110.0, 80.0, path), 0.004 * 30.0, 1e-14);
  EXPECT_NEAR(cuff_artery_flow(110.0, 20.0, path), 0.004 * 50.0, 1e-14);
  EXPECT_NEAR(cuff_artery_flow(80.0, 110.0, path), -0.004 * 30.0, 1e-14);
  EXPECT_NEAR(resting_integral(90.0, path), 90.0 - 22.5, 1e-12); // half of the range from 5 to 40 is lost
  EXPECT_NEAR(resting_beds_flow(67.5, path), 4e-4 * 63.5, 1e-15);
  EXPECT_NEAR(working_muscle_flow(working_integral(90.0, path), path), 2e-4 * (87.0 - 6.0), 1e-15);
}

TEST(EquationsOfBeats, TheMapOfABeatIsTheEquationBeatByBeat) {
  for (const double cuff : {-50.0, 60.0, 100.0}) {
    const ArterialPath<double> path = example_path(cuff);
    const double diastolic = 75.0, pulse = 45.0, period = 0.9;
    // The equation itself, in a hundred small steps for each of the map's.
    constexpr int fine = 3200;
    double head = 60.0, mapped = 60.0;
    double inflow = 0.0, working = 0.0, resting = 0.0, mean = 0.0;
    BeatMeans<double> means{};
    for (int beat = 0; beat < 400; ++beat) {
      inflow = working = resting = mean = 0.0;
      for (int k = 0; k < fine; ++k) {
        const double source = diastolic + pulse_shape(pulse_mean_phase + (k + 0.5) / fine) * pulse;
        const double in = cuff_artery_flow(source, head, path);
        const double out = resting_beds_flow(resting_integral(head, path), path) + working_muscle_flow(working_integral(head, path), path);
        inflow += in / fine;
        working += working_muscle_flow(working_integral(head, path), path) / fine;
        resting += resting_integral(head, path) / fine;
        mean += head / fine;
        head += period / fine * (in - out) / path.compliance;
      }
      means = beat_map<32>(mapped, diastolic, pulse, period, path);
      mapped = means.last_head;
    }
    EXPECT_NEAR(means.inflow, inflow, 0.01 * std::abs(inflow)) << cuff;
    EXPECT_NEAR(means.working_flow, working, 0.01 * std::abs(working)) << cuff;
    EXPECT_NEAR(means.resting_integral, resting, 0.01 * std::abs(resting)) << cuff;
    EXPECT_NEAR(means.distal_head, mean, 0.01 * std::abs(mean)) << cuff;
    EXPECT_NEAR(means.coming_head, means.distal_head, 1e-9) << cuff;
    EXPECT_NEAR(means.volume_rate, 0.0, 1e-9) << cuff; // steady: the beat ends where it began
    EXPECT_NEAR(means.inflow, resting_beds_flow(means.resting_integral, path) + means.working_flow + means.volume_rate, 1e-15);
    EXPECT_LE(means.lowest_head, means.distal_head);
    EXPECT_GE(means.highest_head, means.distal_head);
    EXPECT_NEAR(means.last_head, head, 0.6) << cuff;
  }
}

// Muscle that is squeezed within the beat, behind arteries so stiff that they follow every step.
TEST(EquationsOfBeats, TheMapFollowsAStiffArteryIntoASqueezedMuscle) {
  ArterialPath<double> path = example_path(-50.0);
  path.compliance = 1e-4;
  path.working_conductance = 8e-3;
  path.squeeze_head = 85.0;
  path.working_back_integral = 0.0;
  constexpr int fine = 32000;
  double head = 90.0, mapped = 90.0, inflow = 0.0, working = 0.0, mean = 0.0;
  BeatMeans<double> means{};
  for (int beat = 0; beat < 3; ++beat) {
    inflow = working = mean = 0.0;
    for (int k = 0; k < fine; ++k) {
      const double source = 75.0 + pulse_shape(pulse_mean_phase + (k + 0.5) / fine) * 45.0;
      const double in = cuff_artery_flow(source, head, path), out = working_muscle_flow(working_integral(head, path), path);
      inflow += in / fine;
      working += out / fine;
      mean += head / fine;
      head += 0.9 / fine * (in - out - resting_beds_flow(resting_integral(head, path), path)) / path.compliance;
    }
    means = beat_map<32>(mapped, 75.0, 45.0, 0.9, path);
    mapped = means.last_head;
  }
  EXPECT_NEAR(means.inflow, inflow, 0.02 * inflow);
  EXPECT_NEAR(means.working_flow, working, 0.02 * working);
  EXPECT_NEAR(means.distal_head, mean, 0.02 * mean);
}

TEST(EquationsOfBeats, AnArteryThatFillsTakesNothingOutOfShutVessels) {
  ArterialPath<double> path = example_path(-200.0);
  path.working_back_integral = path.resting_back_integral = 0.0; // beds and muscle are empty
  for (double compliance = 1e-4; compliance < 0.1; compliance *= 1.2) {
    path.compliance = compliance;
    const auto means = beat_map<32>(-100.0, 75.0, 45.0, 0.9, path);
    EXPECT_GE(means.working_flow, 0.0) << compliance;
    EXPECT_GE(means.resting_integral, 0.0) << compliance;
  }
}

TEST(EquationsOfBeats, BehindAShutCuffTheArteryRunsDownAtItsOwnRate) {
  ArterialPath<double> path = example_path(400.0);
  path.working_conductance = 0.0;
  path.arteriole = {-20.0, -10.0}; // open throughout: an ordinary resistor
  path.resting_back_integral = 15.0; // runs down to a head of nothing
  const double time = path.compliance / path.resting_conductance;
  for (const double head : {80.0, 30.0}) {
    const auto means = beat_map<32>(head, 75.0, 45.0, 0.9, path);
    EXPECT_NEAR(means.inflow, 0.0, 1e-7);
    EXPECT_NEAR(means.last_head, head * std::exp(-0.9 / time), 1e-4 * head);
    EXPECT_NEAR(means.volume_rate, -path.resting_conductance * head, 2e-3 * path.resting_conductance * head); // as at the beat's start
    EXPECT_NEAR(means.distal_head, head, 2e-3 * head);
    EXPECT_NEAR(means.coming_head, head * (1.0 - std::exp(-0.9 / time)) * time / 0.9, 1e-5 * head);
    EXPECT_EQ(means.highest_head, head);
    EXPECT_NEAR(means.lowest_head, means.last_head, 1e-12);
  }
}

} // namespace
} // namespace limbflow::models
