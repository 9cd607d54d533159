// Scenarios side by side: each has the bits that it has alone, wherever it stands and whoever its neighbours are.
#include "models/anatomy.hpp"
#include "models/limb_pools.hpp"
#include "models/run.hpp"
#include "models/scenario.hpp"
#include "models/virtual_tests.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace limbflow::models {
namespace {

/// Sessions that differ in all that a lane must keep apart: pressure, length, fidelity, sets that fail.
std::vector<Scenario> sessions() {
  const Scenario base = with(load_scenario("30-15-15-15"), {{"exercise.sets", "[4, 3]"},
                                                            {"exercise.rest", "10 s"},
                                                            {"timing.baseline", "8 s"},
                                                            {"timing.recovery", "10 s"}});
  std::vector<Scenario> all;
  for (int k = 0; k < 12; ++k)
    all.push_back(with(base, {{"cuff.pressure", std::to_string(10 * k) + " %AOP"},
                              {"exercise.load", std::to_string(10 + 5 * (k % 4)) + " %1RM"}}));
  all.push_back(with(base, {{"exercise.load", "90 %1RM"}, {"exercise.until", "failure"}}));
  all.push_back(with(base, {{"simulation.fidelity", "pulsatile"}}));
  all.push_back(with(base, {{"person", "older_woman"}}));
  all.push_back(with(base, {{"simulation.stepper", "dopri5"}}));
  all.push_back(with(base, {{"simulation.stepper", "dop853"}}));
  all.push_back(with(base, {{"simulation.stepper", "rodas5p"}}));
  return all;
}

using Bits = std::vector<double>;

Bits bits_of(const RunJob& job) {
  EXPECT_FALSE(job.error);
  EXPECT_EQ(job.result.report.outcome, core::Outcome::completed) << job.result.report.describe();
  Bits bits;
  for (const auto& summary : job.result.summaries)
    bits.push_back(summary.value);
  bits.insert(bits.end(), job.result.data.begin(), job.result.data.end());
  return bits;
}

std::map<const Scenario*, Bits> side_by_side(const std::vector<const Scenario*>& scenarios,
                                             core::InstructionSet set = core::instruction_set()) {
  std::map<const Scenario*, Bits> results;
  std::size_t next = 0;
  run_side_by_side(
      [&]() -> std::unique_ptr<RunJob> {
        return next < scenarios.size() ? std::make_unique<RunJob>(*scenarios[next++], RunOptions{}) : nullptr;
      },
      [&](std::unique_ptr<RunJob> job) { results[job->scenario] = bits_of(*job); }, set);
  return results;
}

TEST(SideBySide, ARunHasTheSameBitsAloneAndInAnyCompany) {
  const std::vector<Scenario> all = sessions();
  std::vector<const Scenario*> order;
  for (const Scenario& scenario : all)
    order.push_back(&scenario);
  const auto together = side_by_side(order);
  ASSERT_EQ(together.size(), all.size());
  std::shuffle(order.begin(), order.end(), std::mt19937_64{11});
  const auto shuffled = side_by_side(order);
  for (const Scenario& scenario : all) {
    const Bits alone = side_by_side({&scenario}).at(&scenario);
    for (const Bits& bits : {together.at(&scenario), shuffled.at(&scenario)}) {
      ASSERT_EQ(bits.size(), alone.size());
      EXPECT_EQ(std::memcmp(bits.data(), alone.data(), bits.size() * sizeof(double)), 0);
    }
  }
}

TEST(SideBySide, ALimbComesToTheSameRestAloneAndInCompany) {
  std::vector<Scenario> all;
  for (int k = 0; k < 11; ++k) // the last is the first once more: it waits for that one's rest
    all.push_back(with(load_scenario("30-15-15-15"), {{"exercise.sets", "[1]"},
                                                       {"timing.baseline", "2 s"},
                                                       {"timing.recovery", "2 s"},
                                                       {"person.systolic_pressure", std::to_string(117 + 3 * (k % 10)) + ".25 mmHg"}}));
  std::vector<const Scenario*> order;
  for (const Scenario& scenario : all)
    order.push_back(&scenario);
  const auto results = side_by_side(order);
  EXPECT_EQ(std::memcmp(results.at(&all.front()).data(), results.at(&all.back()).data(),
                        results.at(&all.front()).size() * sizeof(double)), 0);
  const core::InstructionSet set = core::instruction_set();
  const LimbPools pools = limb_pools(set);
  for (const Scenario& scenario : all) {
    const LimbParameters<double> parameters = limb_parameters(scenario);
    const auto in_company = known_resting_limb(parameters, scenario.external_pressure_mmHg, set);
    ASSERT_TRUE(in_company);
    Settling settling(parameters, scenario.external_pressure_mmHg, set);
    core::LaneRun<AveragedLimb> run;
    do {
      settling.prepare(run);
      pools.to_rest().add(run);
      ASSERT_EQ(pools.to_rest().next(), &run);
    } while (!settling.done(run));
    const RestingLimb& alone = settling.limb();
    EXPECT_EQ(std::memcmp(&alone.parameters, &in_company->parameters, sizeof alone.parameters), 0);
    ASSERT_EQ(alone.state.size(), in_company->state.size());
    EXPECT_EQ(std::memcmp(alone.state.data(), in_company->state.data(), alone.state.size() * sizeof(double)), 0);
  }
}

TEST(SideBySide, ARememberedOcclusionPressureIsThatOfItsLimbAndItsDetector) {
  std::vector<RestingLimb> limbs;
  for (const char* pressure : {"120 mmHg", "140 mmHg"})
    limbs.push_back(resting_limb(limb_parameters(with(load_scenario("30-15-15-15"), {{"person.systolic_pressure", pressure}}))));
  for (int time = 0; time < 2; ++time) // found, then remembered
    for (const RestingLimb& limb : limbs)
      for (const double detectable : {0.001, 0.1})
        EXPECT_EQ(resting_occlusion_pressure(limb, detectable), occlusion_pressure(limb.parameters, limb.state, detectable));
  EXPECT_GT(resting_occlusion_pressure(limbs[0], 0.001), resting_occlusion_pressure(limbs[0], 0.1) + 1.0);
  EXPECT_GT(resting_occlusion_pressure(limbs[1], 0.1), resting_occlusion_pressure(limbs[0], 0.1) + 1.0);
}

TEST(SideBySide, InstructionSetsAgreeFarBelowTheTolerance) {
  const Scenario scenario = with(sessions()[6], {{"simulation.tolerance", "1e-8"}});
  const Bits baseline = side_by_side({&scenario}, core::InstructionSet::baseline).at(&scenario);
  double largest = 0.0;
  for (const double value : baseline)
    largest = std::max(largest, std::abs(value));
  for (const core::InstructionSet set : core::available_instruction_sets()) {
    const Bits bits = side_by_side({&scenario}, set).at(&scenario);
    ASSERT_EQ(bits.size(), baseline.size());
    double worst = 0.0;
    for (std::size_t i = 0; i < bits.size(); ++i)
      if (!std::isnan(baseline[i]))
        worst = std::max(worst, std::abs(bits[i] - baseline[i]) / std::max(1.0, std::abs(baseline[i])));
    std::cout << to_string(set) << " against the baseline: " << worst << '\n';
    EXPECT_LT(worst, 1e-9); // of summaries and samples; states of a tight run agree to 1e-12 (tests/core/lanes_test.cpp)
  }
  EXPECT_GT(largest, 1.0) << "nothing happened: the test would prove nothing";
}

} // namespace
} // namespace limbflow::models
