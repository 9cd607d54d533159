// Random people under random cuffs doing random sessions, drawn across everything that the reader accepts: every run completes, and
// every volume and concentration stays positive and finite, in both fidelities.
#include "models/anatomy.hpp"
#include "models/course.hpp"
#include "models/limb.hpp"
#include "models/limb_pools.hpp"
#include "models/run.hpp"
#include "models/scenario.hpp"
#include "models/virtual_tests.hpp"
#include "tests/models/random_scenario.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <compare>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <list>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace limbflow::models {
namespace {

constexpr int usual_count = 100; // in each fidelity; LIMBFLOW_RANDOM_PEOPLE asks for another number
constexpr int usual_first = 0;   // draw to begin with; LIMBFLOW_RANDOM_FIRST asks for another one
constexpr unsigned threads = 2;
constexpr std::size_t most_failures_shown = 5;
constexpr int progress_interval = 1000; // people

int number_in(const char* variable, int usual) {
  const char* text = std::getenv(variable);
  return text == nullptr ? usual : std::stoi(text);
}

using Controls = LimbControls<double>;
using State = core::StateOf<AveragedLimb>;
static_assert(std::is_same_v<State, core::StateOf<PulsatileLimb>>);

/// How far a state went beyond its bound, in what one step is held to.
struct Beyond {
  double steps = 0.0;
  std::string state;
  auto operator<=>(const Beyond&) const = default;
};

/// One draw on its way: to rest, then through its session, an integration at a time. Every step is looked at: states inside their bounds,
/// everything finite, volumes and concentrations above zero.
class Trial {
public:
  template <core::Model M>
  struct Integration final : core::LaneRun<M>, core::LaneWatcher<M> {
    explicit Integration(Trial& of) : trial(of) {}
    void begin_segment(std::size_t, const core::Segment<Controls>& segment, const State& y, const double* events) override {
      trial.controls = segment.controls;
      trial.course->begin_segment(segment.begin, events[0]);
      trial.look<M>(segment.begin, y);
    }
    void step(const core::DenseStep<core::LaneStepper<M>>& step) override {
      State y;
      step.state_at_fraction(1.0, y);
      trial.look<M>(step.end(), y);
    }
    void end_segment(double, const State&) override {}
    Trial& trial;
  };

  Trial(int draw, Scenario drawn) : number(draw), scenario(std::move(drawn)), parameters(limb_parameters(scenario)) {}
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  /// Puts the integration that comes first into its pool.
  void start(const LimbPools& pools) {
    settling.emplace(parameters, scenario.external_pressure_mmHg, core::instruction_set());
    settle(pools);
  }

  /// Takes an integration back and puts the next one into its pool. False when there is none.
  template <core::Model M>
  bool go_on(const LimbPools& pools, Integration<M>& integration) {
    if (!course)
      return take_settled(pools);
    if (integration.error)
      std::rethrow_exception(integration.error);
    state = integration.state;
    course->done(std::move(integration.report));
    return submit_next(pools);
  }

  /// What went wrong, or nothing.
  std::string problem;
  std::size_t looks = 0;
  Beyond furthest;
  std::size_t failed_sets() const { return course ? course->result().failure_times.size() : 0; }
  std::string name() const { return "draw " + std::to_string(number); }
  const std::string& text() const { return scenario.text; }

private:
  void settle(const LimbPools& pools) {
    settling->prepare(averaged);
    pools.to_rest().add(averaged);
  }

  bool take_settled(const LimbPools& pools) {
    if (!settling->done(averaged)) {
      settle(pools);
      return true;
    }
    parameters = settling->limb().parameters;
    std::copy(settling->limb().state.begin(), settling->limb().state.end(), state.begin());
    parameters.occlusion_pressure = occlusion_pressure(parameters, state, scenario.parameters.value("pulse_detection_share"));
    if (!(parameters.occlusion_pressure >= 0.0)) {
      problem = "occlusion pressure " + std::to_string(parameters.occlusion_pressure);
      return false;
    }
    CourseOptions options;
    options.fidelity = scenario.fidelity;
    options.step_tolerance = tolerance = step_tolerance(scenario.relative_tolerance);
    course.emplace(scenario, parameters, options);
    return submit_next(pools);
  }

  bool submit_next(const LimbPools& pools) {
    const Course::Leg* leg = course->next(state);
    if (leg == nullptr) {
      if (problem.empty() && course->result().report.outcome != core::Outcome::completed)
        problem = course->result().report.describe();
      return false;
    }
    if (leg->pulsatile)
      submit(pools, pulsatile, *leg);
    else
      submit(pools, averaged, *leg);
    return true;
  }

  template <core::Model M>
  void submit(const LimbPools& pools, Integration<M>& integration, const Course::Leg& leg) {
    leg.set_up<M>(integration, state, parameters, &integration);
    pools.by<M>(scenario.stepper).add(integration);
  }

  template <core::Model M>
  void look(double t, const State& y) {
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
      const double beyond = std::max(info.lower - y[i], y[i] - info.upper) / info.scale;
      if (!std::isfinite(y[i]) || beyond > tolerance) // what each step is held to
        complain(info.name, y[i]);
      if (beyond > furthest.steps * tolerance)
        furthest = Beyond{beyond / tolerance, std::string(info.name)};
    }
    std::array<double, all_signal_count> signals{};
    M::template evaluate_signals<double>(t, y.data(), parameters, controls, signals.data(), {.pulse = true, .fibres = true});
    for (std::size_t i = 0; i < limb_signal_count; ++i)
      if (!std::isfinite(signals[i]))
        complain(limb_signals[i].name, signals[i]);
    for (const LimbSignal i : {signal_atp, signal_phosphocreatine, signal_inorganic_phosphate, signal_muscle_lactate, signal_muscle_ph,
                               signal_venous_ph, signal_venous_lactate, signal_blood_lactate, signal_venous_volume, signal_force_capacity,
                               signal_heart_rate})
      if (!(signals[i] > 0.0))
        complain(limb_signals[i].name, signals[i]);
    // No oxygen is left in a limb that outside pressure has kept without blood since before the run.
    for (const LimbSignal i : {signal_tissue_po2, signal_venous_oxygen_saturation})
      if (signals[i] < -tolerance)
        complain(limb_signals[i].name, signals[i]);
    for (std::size_t i = limb_signal_count; i < all_signal_count; ++i)
      if (!std::isfinite(signals[i]) || signals[i] < 0.0)
        complain(fibre_signals[(i - limb_signal_count) / fibre_classes].name, signals[i]);
  }

  int number;
  Scenario scenario;
  LimbParameters<double> parameters;
  std::optional<Settling> settling;
  std::optional<Course> course;
  double tolerance = 0.0;
  Controls controls{};
  State state{};
  Integration<AveragedLimb> averaged{*this};
  Integration<PulsatileLimb> pulsatile{*this};
};

/// What came of many trials.
struct Tally {
  std::vector<std::string> failures;
  Beyond furthest;
  std::size_t looks = 0;
  std::size_t failed_sets = 0;
};

/// The trials of one thread, as many side by side as keep the lanes of both pools full.
class Team {
public:
  /// on_end: called after each trial.
  explicit Team(std::function<void()> on_end) : ended(std::move(on_end)) {}

  /// next_number: the draw to make, or nothing when there are no more.
  void work(const std::function<std::optional<int>()>& next_number, Fidelity fidelity, const Scenario& arm, const Scenario& leg) {
    const std::size_t most = 2 * pools.to_rest().lanes();
    bool more = true;
    while (more || !trials.empty()) {
      while (more && trials.size() < most) {
        const std::optional<int> number = next_number();
        more = number.has_value();
        if (more)
          start(*number, fidelity, arm, leg);
      }
      pools.with_fullest([&](auto& pool) { advance(pool); });
    }
  }

  Tally tally;

private:
  void start(int number, Fidelity fidelity, const Scenario& arm, const Scenario& leg) {
    try {
      trials.emplace_back(number, Draw(number, fidelity).scenario(arm, leg));
    } catch (const std::exception& error) {
      tally.failures.push_back("draw " + std::to_string(number) + ": " + error.what());
      return;
    }
    Trial& trial = trials.back();
    follow(trial, [&] {
      trial.start(pools);
      return true;
    });
  }

  template <core::Model M>
  void advance(core::LanePool<M>& pool) {
    if (core::LaneRun<M>* run = pool.next()) {
      auto& integration = static_cast<Trial::Integration<M>&>(*run);
      follow(integration.trial, [&] { return integration.trial.go_on(pools, integration); });
    }
  }

  /// Does what says whether the trial goes on; if not, or if that throws, the trial is over.
  template <class Work>
  void follow(Trial& trial, Work&& work) {
    try {
      if (work())
        return;
    } catch (const std::exception& error) {
      trial.problem = error.what();
    }
    if (!trial.problem.empty())
      tally.failures.push_back(trial.name() + ": " + trial.problem + "\n" + trial.text());
    tally.looks += trial.looks;
    tally.furthest = std::max(tally.furthest, trial.furthest);
    tally.failed_sets += trial.failed_sets();
    ended();
    trials.remove_if([&](const Trial& other) { return &other == &trial; });
  }

  std::function<void()> ended;
  LimbPools pools = limb_pools(core::instruction_set());
  std::list<Trial> trials;
};

class RandomPeople : public ::testing::TestWithParam<Fidelity> {};

TEST_P(RandomPeople, CompleteWithPositiveVolumesAndConcentrations) {
  const Scenario arm = load_scenario("30-15-15-15_arm");
  const Scenario leg = load_scenario("30-15-15-15");
  const int count = number_in("LIMBFLOW_RANDOM_PEOPLE", usual_count);
  const int first = number_in("LIMBFLOW_RANDOM_FIRST", usual_first);
  std::atomic<int> next{first};
  std::mutex mutex;
  Tally all;
  std::atomic<int> done{0};
  const auto work = [&] {
    Team team([&] {
      if (const int so_far = ++done; so_far % progress_interval == 0)
        std::cout << so_far << " people so far" << std::endl;
    });
    team.work(
        [&] {
          const int number = next++;
          return number < first + count ? std::optional(number) : std::nullopt;
        },
        GetParam(), arm, leg);
    const std::lock_guard lock(mutex);
    all.failures.insert(all.failures.end(), team.tally.failures.begin(), team.tally.failures.end());
    all.looks += team.tally.looks;
    all.furthest = std::max(all.furthest, team.tally.furthest);
    all.failed_sets += team.tally.failed_sets;
  };
  std::vector<std::thread> pool;
  for (unsigned k = 0; k < threads; ++k)
    pool.emplace_back(work);
  for (std::thread& thread : pool)
    thread.join();
  std::cout << count << " people, " << all.looks << " states looked at, " << all.failed_sets << " sets ended by failure, "
            << all.failures.size() << " runs with a problem\n";
  if (all.furthest.steps > 0.0)
    std::cout << all.furthest.state << " went beyond its bound by " << all.furthest.steps << " times what a step is held to\n";
  for (std::size_t k = 0; k < std::min(all.failures.size(), most_failures_shown); ++k)
    ADD_FAILURE() << all.failures[k];
  EXPECT_EQ(all.failures.size(), 0u);
  EXPECT_GT(all.looks, static_cast<std::size_t>(count));
}

INSTANTIATE_TEST_SUITE_P(Fidelities, RandomPeople, ::testing::Values(Fidelity::averaged, Fidelity::pulsatile),
                         [](const auto& fidelity) { return std::string(name_of(fidelity.param)); });

} // namespace
} // namespace limbflow::models
