// Blood volume is conserved, and a run at the default tolerance is as near to the exact solution as it was asked to be.
#include "models/anatomy.hpp"
#include "models/course.hpp"
#include "models/limb.hpp"
#include "models/limb_pools.hpp"
#include "models/run.hpp"
#include "models/scenario.hpp"
#include "models/shipped_files.hpp"
#include "models/virtual_tests.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace limbflow::models {
namespace {

using State = std::array<double, limb_state_count>;

/// Keeps the state at the start of the run and at the end of every segment.
struct StateKeeper {
  std::vector<State>& states;
  template <class Segment>
  void begin_segment(std::size_t, const Segment&, const State& y) {
    if (states.empty())
      states.push_back(y);
  }
  template <class Step>
  void step(const Step&) {}
  void end_segment(double, const State& y) { states.push_back(y); }
};

/// A scenario's limb, ready to run.
RestingLimb limb_of_run(const Scenario& scenario) {
  RestingLimb limb = resting_limb(limb_parameters(scenario), scenario.external_pressure_mmHg);
  limb.parameters.occlusion_pressure =
      occlusion_pressure(limb.parameters, limb.state, scenario.parameters.value("pulse_detection_share"));
  return limb;
}

/// The state at the start and at the end of every segment of a run, by the scalar loop and order 5.
std::vector<State> reference(const Scenario& scenario, Fidelity fidelity, double tolerance_of_steps) {
  auto [parameters, y] = limb_of_run(scenario);
  std::vector<State> states;
  CourseOptions options;
  options.fidelity = fidelity;
  options.step_tolerance = tolerance_of_steps;
  const CourseResult result =
      run_course(scenario, parameters, y, options, [&]<class M>() { return StateKeeper{states}; });
  EXPECT_EQ(result.report.outcome, core::Outcome::completed) << result.report.describe();
  EXPECT_GT(y[inflow_volume], 1.0) << "nothing flowed: the test would prove nothing";
  return states;
}

/// The same as a run takes it: in lanes, by the steppers and to the step tolerances of the scenario.
std::vector<State> in_lanes(const Scenario& scenario, Fidelity fidelity) {
  const auto [parameters, resting] = limb_of_run(scenario);
  CourseOptions options;
  options.fidelity = fidelity;
  options.step_tolerance = step_tolerance(scenario.relative_tolerance);
  options.stepper = scenario.stepper;
  const LimbPools pools = limb_pools(core::instruction_set());
  Course course(scenario, parameters, options);
  std::vector<State> states;
  State y;
  std::copy(resting.begin(), resting.end(), y.begin());
  while (const Course::Leg* leg = course.next(y)) {
    const auto integrate = [&]<class M>(std::type_identity<M>) {
      struct Watcher final : core::LaneWatcher<M> {
        Watcher(Course& of, StateKeeper keeper) : told(of), kept(keeper) {}
        void begin_segment(std::size_t index, const core::Segment<LimbControls<double>>& segment, const State& now,
                           const double* events) override {
          told.begin_segment(segment.begin, events[0]);
          kept.begin_segment(index, segment, now);
        }
        void step(const core::DenseStep<core::LaneStepper<M>>&) override {}
        void end_segment(double time, const State& now) override { kept.end_segment(time, now); }
        Course& told;
        StateKeeper kept;
      } watcher(course, StateKeeper{states});
      core::LaneRun<M> run;
      leg->set_up<M>(run, y, parameters, &watcher);
      core::LanePool<M>& pool = pools.by<M>(scenario.stepper);
      pool.add(run);
      EXPECT_EQ(pool.next(), &run);
      EXPECT_FALSE(run.error);
      y = run.state;
      course.done(std::move(run.report));
    };
    if (leg->pulsatile)
      integrate(std::type_identity<PulsatileLimb>{});
    else
      integrate(std::type_identity<AveragedLimb>{});
  }
  EXPECT_EQ(course.result().report.outcome, core::Outcome::completed) << course.result().report.describe();
  return states;
}

double stored_volume(const State& y) {
  return y[arterial_volume] + y[deep_venous_volume] + y[superficial_venous_volume] + y[interstitial_volume];
}

/// Largest of |gained - (in - out)| over all that is stored and has come in.
double imbalance(const std::vector<State>& states) {
  const double before = stored_volume(states.front());
  double worst = 0.0;
  for (const State& y : states) {
    const double passed = y[inflow_volume] - y[outflow_volume] - y[lymph_volume];
    worst = std::max(worst, std::abs(stored_volume(y) - before - passed) / (before + y[inflow_volume]));
  }
  return worst;
}

struct WorstError {
  double value = 0.0;
  std::string state;
};

/// Largest difference of any state, over the state's scale plus its size.
WorstError error_between(const std::vector<State>& found, const std::vector<State>& exact) {
  EXPECT_EQ(found.size(), exact.size());
  WorstError worst;
  for (std::size_t k = 0; k < std::min(found.size(), exact.size()); ++k)
    for (std::size_t i = 0; i < limb_state_count; ++i) {
      const core::StateInfo& info = AveragedLimb::states()[i];
      const double error = std::abs(found[k][i] - exact[k][i]) / (info.scale + std::abs(exact[k][i]));
      if (error > worst.value)
        worst = {error, std::string(info.name)};
    }
  return worst;
}

class ShippedScenario : public ::testing::TestWithParam<std::string> {
protected:
  Scenario scenario = load_scenario(GetParam());

  void check(Fidelity fidelity) {
    const std::vector<State> found = in_lanes(scenario, fidelity);
    const double lost = imbalance(found);
    const WorstError error = error_between(found, reference(scenario, fidelity, 1e-11));
    std::cout << name_of(fidelity) << ", " << name_of(scenario.stepper) << ": blood volume to " << lost << "; integration error " << error.value << " ("
              << error.state << ") at tolerance " << scenario.relative_tolerance << '\n';
    EXPECT_LT(lost, 1e-9);
    // Where a set fails is read off the state: what follows moves by the state's error over the slope of the drive that is left.
    const bool to_failure = std::any_of(scenario.exercises.begin(), scenario.exercises.end(),
                                        [](const Exercise& exercise) { return exercise.until == SetEnd::failure; });
    EXPECT_LT(error.value, to_failure ? 100.0 * scenario.relative_tolerance : scenario.relative_tolerance);
  }
};

TEST_P(ShippedScenario, ConservesVolumeAndKeepsItsTolerance) {
  check(Fidelity::averaged);
  check(Fidelity::pulsatile);
}

INSTANTIATE_TEST_SUITE_P(All, ShippedScenario, ::testing::ValuesIn(shipped("protocols")), [](const auto& test) {
  std::string name = test.param;
  std::replace_if(name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
});

} // namespace
} // namespace limbflow::models
