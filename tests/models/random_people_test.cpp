// Random people under random cuffs doing random sessions, drawn across everything that the reader accepts: every run completes, and
// every volume and concentration stays positive and finite, in both fidelities.
#include "models/anatomy.hpp"
#include "models/course.hpp"
#include "models/limb.hpp"
#include "models/run.hpp"
#include "models/scenario.hpp"
#include "models/virtual_tests.hpp"
#include "tests/models/random_scenario.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace limbflow::models {
namespace {

constexpr int usual_count = 100; // in each fidelity; LIMBFLOW_RANDOM_PEOPLE asks for another number
constexpr unsigned threads = 2;
constexpr std::size_t most_failures_shown = 5;

int people_asked() {
  const char* text = std::getenv("LIMBFLOW_RANDOM_PEOPLE");
  return text == nullptr ? usual_count : std::stoi(text);
}

/// Looks at every step: states inside their bounds, everything finite, volumes and concentrations above zero.
template <class M>
struct Inspector {
  const LimbParameters<double>& parameters;
  std::string& problem;
  std::size_t& looks;
  double tolerance;
  LimbControls<double> controls{};

  void begin_segment(std::size_t, const core::Segment<LimbControls<double>>& segment, const core::StateOf<M>& y) {
    controls = segment.controls;
    look(segment.begin, y);
  }
  template <class Step>
  void step(const Step& step) {
    core::StateOf<M> y;
    step.state_at_fraction(1.0, y);
    look(step.end(), y);
  }
  void end_segment(double, const core::StateOf<M>&) {}

  void look(double t, const core::StateOf<M>& y) {
    ++looks;
    const auto complain = [&](std::string_view what, double value) {
      if (problem.empty()) {
        std::ostringstream out;
        out << what << " = " << value << " at " << t << " s";
        problem = out.str();
      }
    };
    for (std::size_t i = 0; i < limb_state_count; ++i) {
      const core::StateInfo& info = limb_states[i];
      const double slack = tolerance * info.scale; // what the integration is held to
      if (!std::isfinite(y[i]) || y[i] < info.lower - slack || y[i] > info.upper + slack)
        complain(info.name, y[i]);
    }
    std::array<double, all_signal_count> signals{};
    M::template evaluate_signals<double>(t, y.data(), parameters, controls, signals.data(), {.pulse = true, .fibres = true});
    for (std::size_t i = 0; i < limb_signal_count; ++i)
      if (!std::isfinite(signals[i]))
        complain(limb_signals[i].name, signals[i]);
    for (const LimbSignal i : {signal_atp, signal_phosphocreatine, signal_inorganic_phosphate, signal_muscle_lactate, signal_muscle_ph,
                               signal_venous_ph, signal_venous_lactate, signal_blood_lactate, signal_venous_volume, signal_tissue_po2,
                               signal_venous_oxygen_saturation, signal_force_capacity, signal_heart_rate})
      if (!(signals[i] > 0.0))
        complain(limb_signals[i].name, signals[i]);
    for (std::size_t i = limb_signal_count; i < all_signal_count; ++i)
      if (!std::isfinite(signals[i]) || signals[i] < 0.0)
        complain(fibre_signals[(i - limb_signal_count) / fibre_classes].name, signals[i]);
  }
};

/// What went wrong with a scenario, or nothing.
std::string problem_of(const Scenario& scenario, std::size_t& looks, int& failed_sets) {
  auto [parameters, state] = resting_limb(limb_parameters(scenario), scenario.external_pressure_mmHg);
  parameters.occlusion_pressure = occlusion_pressure(parameters, state, scenario.parameters.value("pulse_detection_share"));
  if (!(parameters.occlusion_pressure >= 0.0))
    return "occlusion pressure " + std::to_string(parameters.occlusion_pressure);
  std::string problem;
  CourseOptions options;
  options.fidelity = scenario.fidelity;
  options.step_tolerance = step_tolerance(scenario.relative_tolerance);
  const CourseResult done = run_course(
      scenario, parameters, state, options,
      [&]<class M>() { return Inspector<M>{parameters, problem, looks, options.step_tolerance}; });
  failed_sets += static_cast<int>(done.failure_times.size());
  if (done.report.outcome != core::Outcome::completed)
    return done.report.describe();
  return problem;
}

class RandomPeople : public ::testing::TestWithParam<Fidelity> {};

TEST_P(RandomPeople, CompleteWithPositiveVolumesAndConcentrations) {
  const Scenario arm = load_scenario("30-15-15-15_arm");
  const Scenario leg = load_scenario("30-15-15-15");
  const int count = people_asked();
  std::atomic<int> next{0};
  std::mutex mutex;
  std::vector<std::string> failures;
  std::size_t looks = 0;
  int failed_sets = 0;
  const auto work = [&] {
    std::size_t own_looks = 0;
    int own_failed_sets = 0;
    for (int number = next++; number < count; number = next++) {
      std::string problem;
      std::string text;
      try {
        const Scenario scenario = Draw(number, GetParam()).scenario(arm, leg);
        text = scenario.text;
        problem = problem_of(scenario, own_looks, own_failed_sets);
      } catch (const std::exception& error) {
        problem = error.what();
      }
      if (!problem.empty()) {
        const std::lock_guard lock(mutex);
        failures.push_back("draw " + std::to_string(number) + ": " + problem + "\n" + text);
      }
    }
    const std::lock_guard lock(mutex);
    looks += own_looks;
    failed_sets += own_failed_sets;
  };
  std::vector<std::thread> pool;
  for (unsigned k = 0; k < threads; ++k)
    pool.emplace_back(work);
  for (std::thread& thread : pool)
    thread.join();
  std::cout << count << " people, " << looks << " states looked at, " << failed_sets << " sets ended by failure, "
            << failures.size() << " runs with a problem\n";
  for (std::size_t k = 0; k < std::min(failures.size(), most_failures_shown); ++k)
    ADD_FAILURE() << failures[k];
  EXPECT_EQ(failures.size(), 0u);
  EXPECT_GT(looks, static_cast<std::size_t>(count));
}

INSTANTIATE_TEST_SUITE_P(Fidelities, RandomPeople, ::testing::Values(Fidelity::averaged, Fidelity::pulsatile),
                         [](const auto& fidelity) { return std::string(name_of(fidelity.param)); });

} // namespace
} // namespace limbflow::models
