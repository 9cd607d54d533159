// The working muscle: what must hold for any state, whatever the parameters' values.
#include "models/anatomy.hpp"
#include "models/limb.hpp"
#include "models/run.hpp"
#include "models/scenario.hpp"
#include "models/virtual_tests.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <random>
#include <string>
#include <vector>

namespace limbflow::models {
namespace {

constexpr int random_states = 20000;

class WorkingMuscleTest : public ::testing::Test {
protected:
  Scenario scenario = load_scenario("30-15-15-15");
  RestingLimb rest = resting_limb(limb_parameters(scenario));
  std::mt19937_64 random{20260301};

  double between(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); }
};

TEST_F(WorkingMuscleTest, PoolsAreConservedAndCreatineKinaseIsInEquilibrium) {
  double worst = 0.0;
  double worst_equilibrium = 0.0;
  for (int i = 0; i < random_states; ++i) {
    const FibreEnergetics<double>& fibre = rest.parameters.muscle.fibre[static_cast<std::size_t>(i) % fibre_classes];
    const double ph = between(5.8, 7.3);
    const double energy = between(fibre.adenine + 0.05, 2.0 * fibre.adenine + fibre.creatine - 0.05);
    const Phosphates<double> p = phosphates(energy, ph, fibre);
    EXPECT_GT(p.adp, 0.0);
    EXPECT_GE(p.phosphocreatine, -1e-12);
    EXPECT_GE(p.atp, -1e-12);
    const double creatine = fibre.creatine - p.phosphocreatine;
    worst = std::max(worst, std::abs(p.phosphocreatine + 2.0 * p.atp + p.adp - energy) / energy);
    worst = std::max(worst, std::abs(p.atp + p.adp - fibre.adenine) / fibre.adenine);
    worst = std::max(worst, std::abs(p.phosphocreatine + 3.0 * p.atp + 2.0 * p.adp + p.inorganic - fibre.phosphate) /
                                fibre.phosphate);
    const double forward = p.adp * p.phosphocreatine * energetics::creatine_kinase * std::pow(10.0, -ph);
    const double backward = p.atp * creatine;
    worst_equilibrium = std::max(worst_equilibrium, std::abs(forward - backward) / (1e-6 + forward + backward));
  }
  std::cout << "adenine, creatine and phosphate to " << worst << ", creatine kinase to " << worst_equilibrium << '\n';
  EXPECT_LT(worst, 1e-12);
  EXPECT_LT(worst_equilibrium, 1e-6);
}

TEST_F(WorkingMuscleTest, ClassesOfFibresMakeUpTheWholeMuscle) {
  LimbParameters<double> p = rest.parameters;
  p.occlusion_pressure = 150.0;
  for (int i = 0; i < 200; ++i) {
    std::vector<double> y = rest.state;
    for (std::size_t k = 0; k < fibre_classes; ++k) {
      y[fibre_energy + k] = between(18.0, 49.0);
      y[fibre_ph + k] = between(6.2, 7.1);
      y[fibre_lactate + k] = between(0.5, 40.0);
    }
    LimbControls<double> controls;
    controls.force = between(0.05, 0.4);
    std::array<double, all_signal_count> signals{};
    AveragedLimb::evaluate_signals(0.0, y.data(), p, controls, signals.data(), {.pulse = true, .fibres = true});
    std::array<double, limb_signal_count> alone{};
    AveragedLimb::evaluate_signals(0.0, y.data(), p, controls, alone.data());
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), signals.begin())); // asking for the classes changes nothing
    const auto mean = [&](FibreSignal signal) {
      double sum = 0.0;
      for (std::size_t k = 0; k < fibre_classes; ++k)
        sum += p.muscle.pool.share[k] * signals[limb_signal_count + signal * fibre_classes + k];
      return sum;
    };
    EXPECT_NEAR(mean(fibre_signal_atp), signals[signal_atp], 1e-12);
    EXPECT_NEAR(mean(fibre_signal_phosphocreatine), signals[signal_phosphocreatine], 1e-12);
    EXPECT_NEAR(mean(fibre_signal_inorganic_phosphate), signals[signal_inorganic_phosphate], 1e-12);
    EXPECT_NEAR(mean(fibre_signal_lactate), signals[signal_muscle_lactate], 1e-12);
    double force = 0.0;
    for (std::size_t k = 0; k < fibre_classes; ++k) {
      const auto of_class = [&](FibreSignal signal) { return signals[limb_signal_count + signal * fibre_classes + k]; };
      EXPECT_EQ(of_class(fibre_signal_ph), y[fibre_ph + k]);
      force += p.muscle.pool.share[k] * of_class(fibre_signal_activation) * of_class(fibre_signal_force_capacity);
    }
    EXPECT_NEAR(force / p.muscle.pool.full_force, signals[signal_force], 1e-12);
  }
}

TEST_F(WorkingMuscleTest, ASignalIsTheSameWhateverElseIsRecorded) {
  const RunResult all = run(scenario);
  RunOptions options;
  options.signals = {"muscle_ph", "fibre_ph"};
  const RunResult few = run(scenario, options);
  ASSERT_EQ(few.signals.size(), 1u);
  ASSERT_EQ(few.fibre_signals.size(), 1u);
  const std::size_t samples = few.time.size();
  ASSERT_EQ(few.fibre_data.size(), fibre_classes * samples);
  EXPECT_TRUE(std::equal(few.data.begin(), few.data.end(), all.data.begin() + signal_muscle_ph * samples));
  EXPECT_TRUE(std::equal(few.fibre_data.begin(), few.fibre_data.end(),
                         all.fibre_data.begin() + fibre_signal_ph * fibre_classes * samples));
  std::size_t compared = 0;
  for (const auto& summary : few.summaries)
    for (const auto& other : all.summaries)
      if (other.name == summary.name && other.signal == summary.signal && other.scope == summary.scope) {
        ++compared;
        EXPECT_TRUE(other.value == summary.value || (std::isnan(other.value) && std::isnan(summary.value)))
            << summary.signal << ' ' << summary.name << ' ' << summary.scope;
      }
  EXPECT_EQ(compared, few.summaries.size());
  options.signals = {"muscle_pH"};
  EXPECT_THROW(run(scenario, options), std::invalid_argument);
}

TEST_F(WorkingMuscleTest, ChangesCountFromTheRestingLimb) {
  for (const char* posture : {"supine", "seated", "standing"}) {
    const RestingLimb limb = resting_limb(limb_parameters(with(scenario, {{"posture", posture}})));
    std::array<double, limb_signal_count> signals{};
    AveragedLimb::evaluate_signals(0.0, limb.state.data(), limb.parameters, LimbControls<double>{}, signals.data());
    for (const LimbSignal change : {signal_muscle_thickness_change, signal_limb_volume_change, signal_total_haemoglobin_change,
                                    signal_deoxyhaemoglobin_change, signal_oxygen_deficit})
      EXPECT_NEAR(signals[change], 0.0, 0.05) << posture << ", " << AveragedLimb::signals()[change].name;
    EXPECT_NEAR(signals[signal_force_capacity], 1.0, 0.01) << posture;
  }
}

TEST_F(WorkingMuscleTest, DriveGivesTheForceAskedFor) {
  const MotorUnitPool<double>& pool = rest.parameters.muscle.pool;
  EXPECT_NEAR(pool_force(activate(1.0, pool), {1.0, 1.0, 1.0}, pool), 1.0, 1e-14);
  for (int i = 0; i < random_states; ++i) {
    const std::array<double, fibre_classes> capacity{between(0.05, 1.0), between(0.05, 1.0), between(0.05, 1.0)};
    const double most = pool_force(activate(1.0, pool), capacity, pool);
    const double force = between(0.0, 1.2);
    const double drive = drive_for_force(force, capacity, pool);
    if (force < most)
      EXPECT_NEAR(pool_force(activate(drive, pool), capacity, pool), force, 1e-12);
    else
      EXPECT_NEAR(drive, 1.0 + force - most, 1e-15);
  }
}

TEST_F(WorkingMuscleTest, UnitsAreRecruitedInOrderOfSize) {
  const MotorUnitPool<double>& pool = rest.parameters.muscle.pool;
  for (std::size_t k = 0; k < fibre_classes; ++k)
    for (std::size_t bin = 0; bin < bins_per_class; ++bin)
      EXPECT_LT(pool.threshold[k][bin], pool.threshold[k][bin + 1]);
  double before = 0.0;
  for (double drive = 0.0; drive <= 1.0; drive += 0.01) {
    const auto at = activate(drive, pool);
    const double force = pool_force(at, {1.0, 1.0, 1.0}, pool);
    EXPECT_GE(force, before);
    before = force;
    EXPECT_GE(at.activation[0] + 1e-12, at.activation[1]);
    EXPECT_GE(at.activation[1] + 1e-12, at.activation[2]);
  }
}

TEST_F(WorkingMuscleTest, OxygenAndLactateBalance) {
  double worst_oxygen = 0.0;
  double worst_lactate = 0.0;
  const LimbParameters<double>& p = rest.parameters;
  const WorkingMuscle<double>& m = p.muscle;
  for (int i = 0; i < 2000; ++i) {
    std::vector<double> y = rest.state;
    y[active_tone] = between(0.5, 60.0);
    y[active_perfusion] = between(0.1, 60.0);
    y[muscle_oxygen] = between(1e-4, 0.33);
    y[capillary_oxygen] = between(0.01, 8.5);
    y[capillary_lactate] = between(0.5, 20.0);
    y[blood_lactate] = between(0.5, 10.0);
    for (std::size_t k = 0; k < fibre_classes; ++k) {
      y[fibre_energy + k] = between(18.0, 49.0);
      y[fibre_ph + k] = between(6.2, 7.1);
      y[fibre_lactate + k] = between(0.5, 40.0);
    }
    LimbControls<double> controls;
    controls.force = between(0.0, 0.5);
    controls.velocity_factor = between(0.4, 1.2);
    controls.slowest_velocity_factor = controls.velocity_factor + 0.1;
    controls.work_cost = between(0.0, 8.0);
    controls.cuff_pressure_begin = between(0.0, 160.0);
    std::array<double, limb_state_count> rate{};
    AveragedLimb::rhs(0.0, y.data(), rate.data(), p, controls);
    std::array<double, limb_signal_count> signals{};
    AveragedLimb::evaluate_signals(0.0, y.data(), p, controls, signals.data());

    // Recomputed from the published rates of the fibres: what they use, and what blood brings and takes.
    std::array<FibreState<double>, fibre_classes> fibres;
    for (std::size_t k = 0; k < fibre_classes; ++k)
      fibres[k] = {y[fibre_energy + k], y[fibre_ph + k], y[fibre_lactate + k], 0.0, 0.0};
    const MuscleTask<double> task{controls.force, controls.velocity_factor, controls.slowest_velocity_factor, controls.cost_factor,
                                  controls.work_cost};
    const auto now = muscle_moment(fibres, y[central_fatigue], y[muscle_oxygen], task, m);
    double used = 0.0;
    double formed = 0.0;
    double in_fibres = 0.0;
    for (std::size_t k = 0; k < fibre_classes; ++k) {
      const double work_use =
          task.work_cost * task.velocity_factor * now.activation[k] * now.capacity[k] / m.pool.full_force;
      const auto energy = energy_rates(now.phosphate[k], fibres[k].ph, fibres[k].lactate, now.activation[k], task.cost_factor,
                                       work_use, now.capacity[k], now.oxygen, m.fibre[k]);
      used += m.pool.share[k] * energy.oxidative * m.oxygen_per_atp;
      formed += m.pool.share[k] * energy.lactate_formed;
      in_fibres += m.pool.share[k] * rate[fibre_lactate + k];
    }
    const double uptake = signals[signal_muscle_oxygen_uptake];
    const double stored = rate[muscle_oxygen] + m.oxygen.capillary_volume * rate[capillary_oxygen];
    worst_oxygen = std::max(worst_oxygen, std::abs(stored + used - uptake) / (used + std::abs(uptake)));
    const double perfusion =
        uptake / (m.oxygen.haemoglobin * m.oxygen.arterial_saturation - y[capillary_oxygen]); // mL/mL/s
    const double carried = perfusion * (y[capillary_lactate] - y[blood_lactate]);
    const double kept = in_fibres + p.muscle_lactate_volume * rate[capillary_lactate];
    worst_lactate = std::max(worst_lactate, std::abs(kept + carried - formed) / (formed + std::abs(carried)));
  }
  std::cout << "oxygen to " << worst_oxygen << ", lactate to " << worst_lactate << '\n';
  EXPECT_LT(worst_oxygen, 1e-12);
  EXPECT_LT(worst_lactate, 1e-12);
}

TEST_F(WorkingMuscleTest, ALiftSlowsDownUnderItsLoadBeforeItFails) {
  // 90 % of the one-repetition maximum is more than a fresh pool lifts in one second, and less than it lifts slowly.
  const Scenario heavy = with(scenario, {{"exercise.load", "90 %1RM"}, {"exercise.sets", "[3]"}, {"exercise.tempo.concentric", "1 s"}});
  const Scenario never_slower = with(heavy, {{"parameters.slowest_lift", "1.5 s"}});
  const auto repetitions = [](const RunResult& result) {
    double done = -1.0;
    for (const auto& summary : result.summaries)
      if (summary.name == "reps_completed" && summary.scope == "session")
        done = summary.value;
    return done;
  };
  EXPECT_GE(repetitions(run(heavy)), 1.0);
  EXPECT_EQ(repetitions(run(never_slower)), 0.0);
}

TEST_F(WorkingMuscleTest, ASetEndsWhenTheMuscleFailsAndTheProtocolMovesForward) {
  const Scenario failing = with(scenario, {{"exercise.load", "45 %1RM"}, {"exercise.until", "failure"}});
  const RunResult result = run(failing);
  ASSERT_EQ(result.report.outcome, core::Outcome::completed) << result.report.describe();
  double total = 0.0;
  double failure = 0.0;
  std::vector<double> sets;
  for (const auto& summary : result.summaries) {
    if (summary.name == "reps_completed" && summary.scope == "session")
      total = summary.value;
    else if (summary.name == "reps_completed")
      sets.push_back(summary.value);
    else if (summary.name == "time_to_failure")
      failure = summary.value;
  }
  ASSERT_EQ(sets.size(), 4u);
  EXPECT_GT(sets[0], sets[1]);
  EXPECT_EQ(sets[0] + sets[1] + sets[2] + sets[3], total);
  EXPECT_GT(failure, 60.0);
  EXPECT_LT(result.time.back(), 60.0 + 4 * 300 * 3.0);
  for (std::size_t k = 1; k < result.segments.size(); ++k)
    EXPECT_DOUBLE_EQ(result.segments[k].begin, result.segments[k - 1].end);
}

TEST_F(WorkingMuscleTest, AForceThatCannotBeGivenEndsTheSetAtOnce) {
  const RunResult result = run(with(scenario, {{"exercise.load", "140 %1RM"}}));
  EXPECT_EQ(result.report.outcome, core::Outcome::completed) << result.report.describe();
  for (const auto& summary : result.summaries) {
    if (summary.name == "reps_completed") {
      EXPECT_EQ(summary.value, 0.0) << summary.scope;
    }
  }
}

} // namespace
} // namespace limbflow::models
