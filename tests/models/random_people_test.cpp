// Random people under random cuffs doing random sessions, drawn across everything that the reader accepts: every run completes, and
// every volume and concentration stays positive and finite, in both fidelities.
#include "models/anatomy.hpp"
#include "models/course.hpp"
#include "models/limb.hpp"
#include "models/run.hpp"
#include "models/scenario.hpp"
#include "models/virtual_tests.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <numbers>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace limbflow::models {
namespace {

constexpr std::uint64_t seed = 20260401;
constexpr int usual_count = 100; // in each fidelity; LIMBFLOW_RANDOM_PEOPLE asks for another number
constexpr unsigned threads = 2;
constexpr std::size_t most_failures_shown = 5;

int people_asked() {
  const char* text = std::getenv("LIMBFLOW_RANDOM_PEOPLE");
  return text == nullptr ? usual_count : std::stoi(text);
}

/// Draws one scenario. The number of the draw is its seed, so that it is the same on any thread and in any order.
class Draw {
public:
  Draw(int number, Fidelity fidelity) : random(seed + static_cast<std::uint64_t>(number)), averaged(fidelity == Fidelity::averaged) {}

  Scenario scenario(const Scenario& arm, const Scenario& leg) {
    const bool is_arm = chance(0.5);
    const Scenario& base = is_arm ? arm : leg;
    std::map<std::string, std::string> changes;
    const auto set = [&](const char* key, double value, const char* unit) { changes[key] = text(value) + " " + unit; };
    changes["person.sex"] = chance(0.5) ? "man" : "woman";
    set("person.age", between(10, 110), "yr");
    set("person.height", between(100, 230), "cm");
    set("person.mass", between(25, 250), "kg");
    const double diastolic = between(30, 160);
    set("person.diastolic_pressure", diastolic, "mmHg");
    set("person.systolic_pressure", between(std::max(70.0, diastolic + 5.0), 260), "mmHg");
    set("person.heart_rate", between(30, 220), "bpm");
    const std::string limb = is_arm ? "person.arm." : "person.leg.";
    const double circumference = is_arm ? between(12, 70) : between(25, 110);
    const double length = is_arm ? between(15, 55) : between(20, 75);
    set((limb + "circumference").c_str(), circumference, "cm");
    set((limb + "length").c_str(), length, "cm");
    set((limb + "adipose_thickness").c_str(), between(0, 0.49) * circumference / (2.0 * std::numbers::pi), "cm");
    set((limb + "distal_volume").c_str(), is_arm ? between(200, 8000) : between(1000, 40000), "mL");
    changes["posture"] = one_of({"supine", "seated", "standing"});
    set("limb_raised", between(-50, 120), "cm");
    set("environment.external_pressure", chance(0.95) ? 0.0 : between(-80, 150), "mmHg");

    set("cuff.width", between(1, length), "cm");
    changes["cuff.material"] = one_of({"nylon", "elastic"});
    changes["cuff.during"] = one_of({"all", "sets", "rests", "never"});
    if (chance(0.5))
      set("cuff.pressure", between(0, 150), "%AOP");
    else
      set("cuff.pressure", between(0, 400), "mmHg");
    set("cuff.inflation_time", between(0, 20), "s");
    set("cuff.deflation_time", between(0, 20), "s");

    if (!is_arm)
      changes["exercise.muscle"] = one_of({"knee extensors", "plantar flexors"});
    if (chance(0.2))
      set("exercise.load", between(0, 100), "%MVC");
    else
      set("exercise.load", between(0, 150), "%1RM");
    std::ostringstream sets;
    const int count = 1 + static_cast<int>(between(0, averaged ? 3 : 2));
    for (int k = 0; k < count; ++k)
      sets << (k == 0 ? "[" : ", ") << 1 + static_cast<int>(between(0, averaged ? 15 : 4));
    changes["exercise.sets"] = sets.str() + "]";
    changes["exercise.until"] = chance(averaged ? 0.05 : 0.0) ? "failure" : "reps";
    set("exercise.tempo.concentric", between(0.3, 4), "s");
    set("exercise.tempo.eccentric", between(0.3, 4), "s");
    set("exercise.tempo.pause", chance(0.5) ? 0.0 : between(0, 3), "s");
    set("exercise.rest", between(0, averaged ? 60 : 10), "s");
    set("exercise.chest_pressure", chance(0.7) ? 0.0 : between(0, 200), "mmHg");
    set("timing.baseline", between(0, averaged ? 30 : 5), "s");
    set("timing.recovery", between(0, averaged ? 90 : 10), "s");
    changes["simulation.fidelity"] = averaged ? "averaged" : "pulsatile";
    return with(base, changes);
  }

private:
  double between(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); }
  bool chance(double probability) { return between(0, 1) < probability; }
  std::string one_of(const std::vector<std::string>& words) {
    return words[static_cast<std::size_t>(between(0, static_cast<double>(words.size())))];
  }
  static std::string text(double value) {
    std::ostringstream out;
    out.precision(6);
    out << value;
    return out.str();
  }

  std::mt19937_64 random;
  bool averaged;
};

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
                         [](const auto& info) { return std::string(name_of(info.param)); });

} // namespace
} // namespace limbflow::models
