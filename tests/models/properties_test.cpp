// What holds for any person, limb, cuff, session and tolerance that the reader accepts: each property on many random draws of
// random_scenario.hpp. LIMBFLOW_PROPERTIES=10 before the command draws ten times as many. Every test prints how many checks it made; a
// check is one property of one draw.
#include "models/anatomy.hpp"
#include "models/course.hpp"
#include "models/limb.hpp"
#include "models/protocol.hpp"
#include "models/run.hpp"
#include "models/scenario.hpp"
#include "models/virtual_tests.hpp"
#include "tests/core/segment_ends.hpp"
#include "tests/models/random_scenario.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace limbflow::models {
namespace {

using State = core::StateOf<AveragedLimb>;

int asked(int usual) {
  const char* text = std::getenv("LIMBFLOW_PROPERTIES");
  return text == nullptr ? usual : static_cast<int>(usual * std::stod(text));
}

/// Calls `check(draw)` for every number below `count`, on two threads.
void for_each_draw(int count, const std::function<void(int)>& check) {
  std::atomic<int> next{0};
  const auto work = [&] {
    for (int number = next++; number < count; number = next++)
      check(number);
  };
  std::thread other(work);
  work();
  other.join();
}

class Properties : public ::testing::Test {
protected:
  Scenario arm = load_scenario("30-15-15-15_arm");
  Scenario leg = load_scenario("30-15-15-15");
  std::atomic<std::size_t> checks{0};

  ~Properties() override { std::cout << checks << " checks\n"; }

  /// Notes a check; says which draw broke it.
  void expect(bool holds, int number, const std::string& what) {
    ++checks;
    if (!holds)
      ADD_FAILURE() << "draw " << number << ": " << what;
  }

  Scenario drawn(int number, Fidelity fidelity = Fidelity::averaged) const { return Draw(number, fidelity).scenario(arm, leg); }
};

std::string compared(double a, double b) { return std::to_string(a) + " and " + std::to_string(b); }

/// A state that some session may lead to, and the controls of a moment of it.
struct Moment {
  State y;
  LimbControls<double> controls;
};

Moment random_moment(Draw& draw, const RestingLimb& rest) {
  Moment moment;
  std::copy(rest.state.begin(), rest.state.end(), moment.y.begin());
  State& y = moment.y;
  const LimbParameters<double>& p = rest.parameters;
  const auto scaled = [&](std::size_t i, double low, double high) { y[i] *= draw.between(low, high); };
  scaled(arterial_volume, 0.3, 1.3);
  scaled(deep_venous_volume, 0.5, 2.5);
  scaled(superficial_venous_volume, 0.5, 2.5);
  scaled(deep_slow_volume, 0.5, 1.5);
  scaled(superficial_slow_volume, 0.5, 1.5);
  y[interstitial_volume] += draw.between(-0.5, 3.0);
  for (const LimbState i : {active_tone, active_perfusion})
    y[i] = draw.between(0.3, 40.0);
  for (const LimbState i : {inactive_tone, inactive_perfusion, skin_tone, skin_perfusion})
    y[i] = draw.between(0.3, 4.0);
  for (std::size_t k = 0; k < fibre_classes; ++k) {
    const FibreEnergetics<double>& fibre = p.muscle.fibre[k];
    y[fibre_energy + k] = draw.between(fibre.adenine + 0.1, 2.0 * fibre.adenine + fibre.creatine - 0.1);
    y[fibre_ph + k] = draw.between(6.0, 7.3);
    y[fibre_lactate + k] = draw.between(0.5, 40.0);
    y[fibre_excitability_loss + k] = draw.between(0.0, 0.6);
    y[fibre_lasting_loss + k] = draw.between(0.0, 0.6);
  }
  y[muscle_oxygen] = draw.between(1e-4, 0.33);
  y[capillary_oxygen] = draw.between(0.01, 8.5);
  y[capillary_lactate] = draw.between(0.5, 20.0);
  y[blood_lactate] = draw.between(0.5, 12.0);
  y[central_fatigue] = draw.between(0.0, 0.3);
  y[pressor] = draw.between(0.0, 40.0);
  y[heart_rate_rise] = draw.between(0.0, 1.0);
  y[heart_phase] = draw.between(0.0, 100.0);
  y[cuff_loss] = draw.between(0.0, 0.2);
  LimbControls<double>& c = moment.controls;
  c.force = draw.chance(0.5) ? 0.0 : draw.between(0.0, 0.8);
  c.velocity_factor = draw.between(0.4, 1.2);
  c.slowest_velocity_factor = c.velocity_factor + 0.1;
  c.work_cost = draw.between(0.0, 8.0);
  c.chest_pressure = draw.chance(0.8) ? 0.0 : draw.between(0.0, 100.0);
  c.cuff_pressure_begin = c.cuff_pressure_set = draw.chance(0.2) ? 0.0 : draw.between(0.0, 350.0);
  c.external_pressure = draw.chance(0.9) ? 0.0 : draw.between(-60.0, 100.0);
  return moment;
}

double stored_volume(const State& y) {
  return y[arterial_volume] + y[deep_venous_volume] + y[superficial_venous_volume] + y[interstitial_volume];
}

/// |left - right| over what passes; nothing passes, nothing is wrong.
double imbalance(double left, double right, double passing) { return std::abs(left - right) / (1e-12 + std::abs(passing)); }

constexpr double rounding = 1e-11;

TEST_F(Properties, RatesAtAnyMomentAreFiniteAndBalanceBloodOxygenLactateAndPools) {
  constexpr int moments = 80;
  const int people = asked(60);
  std::mutex mutex;
  std::array<double, 6> worst{};
  for_each_draw(people, [&](int number) {
    const Scenario scenario = drawn(number);
    const RestingLimb rest = resting_limb(limb_parameters(scenario), scenario.external_pressure_mmHg);
    const LimbParameters<double>& p = rest.parameters;
    const WorkingMuscle<double>& m = p.muscle;
    Draw draw(100000 + number, Fidelity::averaged);
    std::array<double, 6> own{};
    const auto balance = [&](std::size_t which, double error, const char* what) {
      own[which] = std::max(own[which], error);
      expect(error < rounding, number, std::string(what) + " is off by " + std::to_string(error));
    };
    for (int i = 0; i < moments; ++i) {
      const auto [y, controls] = random_moment(draw, rest);
      State rate{};
      if (i % 2 == 0)
        AveragedLimb::rhs(controls.segment_begin, y.data(), rate.data(), p, controls);
      else
        PulsatileLimb::rhs(controls.segment_begin, y.data(), rate.data(), p, controls);
      std::array<double, limb_signal_count> signals{};
      AveragedLimb::evaluate_signals(controls.segment_begin, y.data(), p, controls, signals.data());
      const auto finite = [](double value) { return std::isfinite(value); };
      expect(std::all_of(rate.begin(), rate.end(), finite), number, "a rate is not finite");
      expect(std::all_of(signals.begin(), signals.end(), finite), number, "a signal is not finite");

      balance(0, imbalance(stored_volume(rate), rate[inflow_volume] - rate[outflow_volume] - rate[lymph_volume],
                           std::abs(rate[inflow_volume]) + rate[outflow_volume] + std::abs(rate[deep_venous_volume]) + 1e-3),
              "blood");

      // What the fibres use and form, from the published rates of each class.
      std::array<FibreState<double>, fibre_classes> fibres;
      for (std::size_t k = 0; k < fibre_classes; ++k)
        fibres[k] = {y[fibre_energy + k], y[fibre_ph + k], y[fibre_lactate + k], y[fibre_excitability_loss + k], y[fibre_lasting_loss + k]};
      const MuscleTask<double> task{controls.force, controls.velocity_factor, controls.slowest_velocity_factor, controls.cost_factor,
                                  controls.work_cost};
      const auto now = muscle_moment(fibres, y[central_fatigue], y[muscle_oxygen], task, m);
      double used = 0.0, formed = 0.0, in_fibres = 0.0;
      for (std::size_t k = 0; k < fibre_classes; ++k) {
        const double work_use = task.work_cost * task.velocity_factor * now.activation[k] * now.capacity[k] / m.pool.full_force;
        const auto energy = energy_rates(now.phosphate[k], fibres[k].ph, fibres[k].lactate, now.activation[k], task.cost_factor, work_use,
                                         now.capacity[k], now.oxygen, m.fibre[k]);
        used += m.pool.share[k] * energy.oxidative * m.oxygen_per_atp;
        formed += m.pool.share[k] * energy.lactate_formed;
        in_fibres += m.pool.share[k] * rate[fibre_lactate + k];

        const FibreEnergetics<double>& fibre = m.fibre[k];
        const Phosphates<double>& held = now.phosphate[k];
        balance(3, imbalance(held.atp + held.adp, fibre.adenine, fibre.adenine), "adenine nucleotide");
        balance(4, imbalance(held.phosphocreatine + 3.0 * held.atp + 2.0 * held.adp + held.inorganic, fibre.phosphate, fibre.phosphate),
                "phosphate");
        balance(5, imbalance(held.phosphocreatine + 2.0 * held.atp + held.adp, y[fibre_energy + k], y[fibre_energy + k]),
                "high-energy phosphate");
        expect(held.phosphocreatine > -1e-9 && held.phosphocreatine < fibre.creatine && held.atp > 0.0 && held.adp > 0.0, number,
               "creatine, ATP or ADP lies outside its pool");
      }
      const double uptake = signals[signal_muscle_oxygen_uptake];
      const double kept = rate[muscle_oxygen] + m.oxygen.capillary_volume * rate[capillary_oxygen];
      balance(1, imbalance(kept + used, uptake, used + std::abs(uptake) + std::abs(kept)), "oxygen");
      const double perfusion = std::max(0.0, y[active_perfusion]) * p.active_resting_flow / p.muscle_volume;
      const double carried = perfusion * (y[capillary_lactate] - y[blood_lactate]);
      balance(2, imbalance(in_fibres + p.muscle_lactate_volume * rate[capillary_lactate] + carried, formed,
                           std::abs(formed) + std::abs(carried) + std::abs(in_fibres)),
              "lactate");
    }
    const std::lock_guard lock(mutex);
    for (std::size_t k = 0; k < worst.size(); ++k)
      worst[k] = std::max(worst[k], own[k]);
  });
  std::cout << people << " people, " << moments << " moments each; worst imbalance: blood " << worst[0] << ", oxygen " << worst[1]
            << ", lactate " << worst[2] << ", adenine " << worst[3] << ", phosphate " << worst[4] << ", energy " << worst[5] << '\n';
}

/// The occlusion pressure of a scenario's person in its posture.
double occlusion_of(const Scenario& scenario) {
  const RestingLimb rest = resting_limb(limb_parameters(scenario));
  return occlusion_pressure(rest.parameters, rest.state, scenario.parameters.value("pulse_detection_share"));
}

TEST_F(Properties, OcclusionPressureFallsWithWidthAndRisesWithSystolicPressure) {
  for_each_draw(asked(60), [&](int number) {
    const Scenario scenario = drawn(number);
    const double length = limb_of(scenario).length_cm;
    const auto at = [&](const std::map<std::string, std::string>& changes) { return occlusion_of(with(scenario, changes)); };
    const auto width = [&](double share) { return std::map<std::string, std::string>{{"cuff.width", core::format_number(share * length) + " cm"}}; };
    const double narrow = at(width(0.15)), medium = at(width(0.4)), wide = at(width(0.9));
    expect(narrow >= 0.0 && medium >= 0.0 && wide >= 0.0 && !std::isnan(narrow), number, "an occlusion pressure is negative");
    expect(medium <= narrow + 0.1, number, "wider, but occludes later: " + compared(narrow, medium)); // it is found to 0.05 mmHg
    expect(wide <= medium + 0.1, number, "wider, but occludes later: " + compared(medium, wide));
    const double systolic = scenario.person.systolic_pressure;
    if (systolic < 250.0 && std::isfinite(medium)) {
      auto higher = width(0.4);
      higher["person.systolic_pressure"] = core::format_number(systolic + 10.0) + " mmHg";
      expect(at(higher) >= medium - 0.1, number, "more systolic pressure, less occlusion pressure");
    }
  });
}

/// Inflow (mL/100mL/s), mean over the last minute of half an hour under a steady cuff: the oxygen deficit that dilates muscle gathers slowly.
double steady_inflow(const RestingLimb& rest, double pressure, double external) {
  LimbControls<double> controls;
  controls.cuff_pressure_begin = controls.cuff_pressure_set = pressure;
  controls.external_pressure = external;
  core::Timeline<LimbControls<double>> timeline;
  timeline.append(1740.0, controls);
  timeline.append(60.0, controls);
  std::vector<double> y = rest.state;
  core::IntegrationOptions options;
  options.relative_tolerance = options.absolute_tolerance = 1e-7;
  std::vector<State> ends;
  const core::RunReport report = core::integrate<AveragedLimb>(y, timeline, rest.parameters, options, core::SegmentEnds{ends});
  if (report.outcome != core::Outcome::completed)
    throw std::runtime_error(report.describe());
  return (ends[1][inflow_volume] - ends[0][inflow_volume]) / 60.0;
}

/// Lowest pressure of the artery at the cuff, mmHg.
double diastolic_pressure_at_cuff(const LimbParameters<double>& p) { return p.diastolic_pressure + p.hydrostatic_cuff; }

// Above the diastolic pressure a cuff rectifies: it stops backflow, and what comes in with a beat stays in. There inflow may rise a little.
TEST_F(Properties, MoreCuffIsNoMoreSteadyInflowUntilItStopsBackflow) {
  std::mutex mutex;
  double largest_rise = 0.0;
  for_each_draw(asked(24), [&](int number) {
    const Scenario scenario = drawn(number);
    const RestingLimb rest = resting_limb(limb_parameters(scenario), scenario.external_pressure_mmHg);
    const double aop = occlusion_pressure(rest.parameters, rest.state, scenario.parameters.value("pulse_detection_share"));
    if (!std::isfinite(aop) || aop < 1.0)
      return;
    const double free_flow = steady_inflow(rest, 0.0, scenario.external_pressure_mmHg);
    double before = free_flow;
    for (const double share : {0.2, 0.4, 0.6, 0.8, 1.0, 1.3}) {
      const double inflow = steady_inflow(rest, share * aop, scenario.external_pressure_mmHg);
      const std::string at = std::to_string(share) + " AOP of " + std::to_string(aop) + " mmHg: ";
      if (rest.parameters.artery_transmission * share * aop < diastolic_pressure_at_cuff(rest.parameters)) {
        expect(inflow <= before + 1e-3 * free_flow, number, at + "inflow rose to " + compared(inflow, before));
      } else {
        const std::lock_guard lock(mutex);
        largest_rise = std::max(largest_rise, (inflow - before) / free_flow);
      }
      expect(inflow <= free_flow * (1.0 + 1e-3), number, at + "more than the free limb's: " + compared(inflow, free_flow));
      if (share > 1.0)
        expect(inflow < 0.02 * free_flow, number, at + "inflow goes on: " + compared(inflow, free_flow));
      before = inflow;
    }
  });
  std::cout << "above diastolic pressure inflow rose by up to " << largest_rise << " of the free limb's\n";
}

/// The states at the ends of a timeline's segments, and whether it was run to its end: no set failed.
struct Ends {
  std::vector<State> states;
  bool completed;
};

/// `y` is left at the last.
Ends ends_of(Fidelity fidelity, std::vector<double>& y, const core::Timeline<LimbControls<double>>& timeline,
             const LimbParameters<double>& parameters, double tolerance) {
  std::vector<State> ends;
  core::RunReport report;
  core::IntegrationOptions options;
  options.relative_tolerance = options.absolute_tolerance = tolerance;
  if (fidelity == Fidelity::pulsatile) {
    options.maximum_step = longest_pulsatile_step(parameters);
    report = core::integrate<PulsatileLimb>(y, timeline, parameters, options, core::SegmentEnds{ends});
  } else {
    report = core::integrate<AveragedLimb>(y, timeline, parameters, options, core::SegmentEnds{ends});
  }
  return {std::move(ends), report.outcome == core::Outcome::completed};
}

/// Person, parameters and protocol of a draw.
struct Session {
  RestingLimb rest;
  core::Timeline<LimbControls<double>> timeline;
  Session(const Scenario& scenario, double longest)
      : rest(resting_limb(limb_parameters(scenario), scenario.external_pressure_mmHg)) {
    rest.parameters.occlusion_pressure = occlusion_pressure(rest.parameters, rest.state, scenario.parameters.value("pulse_detection_share"));
    rest.state[heart_phase] = rest.parameters.start_phase;
    const auto whole = build_protocol(scenario, rest.parameters.occlusion_pressure).timeline;
    timeline = whole.empty() ? whole : cut(whole, whole.begin(), std::min(whole.end(), whole.begin() + longest));
  }
};

double difference(const std::vector<double>& a, const std::vector<double>& b) {
  double worst = a.size() == b.size() ? 0.0 : 1.0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    worst = std::max(worst, std::abs(a[i] - b[i]) / (limb_states[i].scale + std::abs(b[i])));
  return worst;
}

TEST_F(Properties, HalfThenTheRestIsTheWhole) {
  double worst = 0.0;
  std::mutex mutex;
  for_each_draw(asked(60), [&](int number) {
    const Fidelity fidelity = number % 4 == 3 ? Fidelity::pulsatile : Fidelity::averaged;
    const Session session(drawn(number, fidelity), fidelity == Fidelity::pulsatile ? 6.0 : 60.0);
    const auto& timeline = session.timeline;
    if (timeline.empty())
      return;
    const double middle = 0.5 * (timeline.begin() + timeline.end());
    // The state and the time are all that a run goes on from. Stopped at a breakpoint, or at any time that is made one, it goes on to the same bits.
    const auto first = cut(timeline, timeline.begin(), middle);
    const auto second = cut(timeline, middle, timeline.end());
    auto pieces = first.segments();
    pieces.insert(pieces.end(), second.segments().begin(), second.segments().end());
    std::vector<double> at_once = session.rest.state, in_parts = session.rest.state, uncut = session.rest.state;
    ends_of(fidelity, at_once, core::Timeline<LimbControls<double>>(std::move(pieces)), session.rest.parameters, 1e-8);
    if (!ends_of(fidelity, in_parts, first, session.rest.parameters, 1e-8).completed)
      return;
    const std::vector<double> checkpoint = in_parts;
    in_parts.assign(checkpoint.begin(), checkpoint.end());
    ends_of(fidelity, in_parts, second, session.rest.parameters, 1e-8);
    expect(std::memcmp(at_once.data(), in_parts.data(), at_once.size() * sizeof(double)) == 0, number,
           "in two parts it ends elsewhere: by " + std::to_string(difference(in_parts, at_once)));
    ends_of(fidelity, uncut, timeline, session.rest.parameters, 1e-8);
    const double moved = difference(uncut, at_once);
    expect(moved < 1e-6, number, "a stop half-way moves the end by " + std::to_string(moved));
    const std::lock_guard lock(mutex);
    worst = std::max(worst, moved);
  });
  std::cout << "an extra stop at T/2 moves the end state by up to " << worst << " at tolerance 1e-8\n";
}

TEST_F(Properties, ALaterBeginChangesNothing) {
  double worst = 0.0;
  constexpr double tight = 1e-9; // a step that is refused here and not there moves the end by up to a hundred times this
  std::mutex mutex;
  for_each_draw(asked(60), [&](int number) {
    const Fidelity fidelity = number % 4 == 3 ? Fidelity::pulsatile : Fidelity::averaged;
    const Session session(drawn(number, fidelity), fidelity == Fidelity::pulsatile ? 6.0 : 60.0);
    if (session.timeline.empty())
      return;
    const double shift = Draw(number, fidelity).between(-1000.0, 4000.0);
    auto segments = session.timeline.segments();
    for (auto& segment : segments) {
      segment.begin += shift;
      segment.end += shift;
      segment.controls.segment_begin += shift;
    }
    std::vector<double> now = session.rest.state, later = session.rest.state;
    ends_of(fidelity, now, session.timeline, session.rest.parameters, tight);
    ends_of(fidelity, later, core::Timeline<LimbControls<double>>(std::move(segments)), session.rest.parameters, tight);
    const double moved = difference(later, now);
    expect(moved < 1e-7, number, "begun " + std::to_string(shift) + " s later it ends elsewhere: by " + std::to_string(moved));
    const std::lock_guard lock(mutex);
    worst = std::max(worst, moved);
  });
  std::cout << "another begin moves the end state by up to " << worst << " at tolerance " << tight << '\n';
}

TEST_F(Properties, ARunKeepsTheToleranceAskedForAndConservesBlood) {
  double worst_share = 0.0, worst_lost = 0.0;
  std::mutex mutex;
  for_each_draw(asked(40), [&](int number) {
    const Session session(drawn(number), 60.0);
    if (session.timeline.empty())
      return;
    Draw draw(200000 + number, Fidelity::averaged);
    const double tolerance = std::pow(10.0, draw.between(-6.0, -3.0));
    std::vector<double> y = session.rest.state, exact = session.rest.state;
    const auto [ends, completed] = ends_of(Fidelity::averaged, y, session.timeline, session.rest.parameters, step_tolerance(tolerance));
    const bool exactly_completed = ends_of(Fidelity::averaged, exact, session.timeline, session.rest.parameters, 1e-11).completed;
    if (completed && exactly_completed) {
      const double share = difference(y, exact) / tolerance;
      expect(share < 1.0, number, "the error is " + std::to_string(share) + " times the tolerance " + std::to_string(tolerance));
      const std::lock_guard lock(mutex);
      worst_share = std::max(worst_share, share);
    }
    State start;
    std::copy(session.rest.state.begin(), session.rest.state.end(), start.begin());
    for (const State& end : ends) {
      const double passed = end[inflow_volume] - end[outflow_volume] - end[lymph_volume] -
                            (start[inflow_volume] - start[outflow_volume] - start[lymph_volume]);
      const double lost = std::abs(stored_volume(end) - stored_volume(start) - passed) / (stored_volume(start) + std::abs(end[inflow_volume]));
      expect(lost < 1e-9, number, "blood was lost: " + std::to_string(lost));
      expect(std::all_of(end.begin(), end.end(), [](double value) { return std::isfinite(value); }), number, "a state is not finite");
      const std::lock_guard lock(mutex);
      worst_lost = std::max(worst_lost, lost);
    }
  });
  std::cout << "error at most " << worst_share << " of the tolerance (1e-6 to 1e-3); blood to " << worst_lost << '\n';
}

/// The same lengths, times, masses and pressures of a scenario's text in other units.
std::string in_other_units(const std::string& text) {
  static const std::map<std::string, std::pair<std::string, int>> others{
      {"cm", {"mm", 1}}, {"kg", {"g", 3}}, {"mL", {"L", -3}}, {"s", {"ms", 3}}, {"%1RM", {"1RM", -2}}, {"%MVC", {"MVC", -2}}, {"%AOP", {"AOP", -2}}};
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = text.find('"', at);
    const std::size_t close = open == std::string::npos ? open : text.find('"', open + 1);
    if (close == std::string::npos) {
      out += text.substr(at);
      break;
    }
    out += text.substr(at, open - at);
    std::string value = text.substr(open + 1, close - open - 1);
    const std::size_t blank = value.find(' ');
    if (blank != std::string::npos && value.find_first_not_of("-0123456789.") == blank)
      if (const auto other = others.find(value.substr(blank + 1)); other != others.end())
        value = value.substr(0, blank) + "e" + std::to_string(other->second.second) + " " + other->second.first;
    out += '"' + value + '"';
    at = close + 1;
  }
  return out;
}

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

TEST_F(Properties, OtherUnitsAreTheSameScenarioToTheBit) {
  std::atomic<int> runs{0};
  for_each_draw(asked(200), [&](int number) {
    const Scenario scenario = drawn(number);
    const std::string text = in_other_units(scenario.text.substr(0, scenario.text.find("[parameters"))) +
                             (scenario.text.find("[parameters") == std::string::npos ? "" : scenario.text.substr(scenario.text.find("[parameters")));
    expect(text != scenario.text, number, "no unit was changed");
    const Scenario other = parse_scenario(text, "other units");
    const auto same = [&](double a, double b, const char* what) { expect(same_bits(a, b), number, std::string(what) + ": " + compared(a, b)); };
    same(other.person.height_cm, scenario.person.height_cm, "height");
    same(other.person.mass_kg, scenario.person.mass_kg, "mass");
    same(limb_of(other).circumference_cm, limb_of(scenario).circumference_cm, "circumference");
    same(limb_of(other).length_cm, limb_of(scenario).length_cm, "length");
    same(limb_of(other).adipose_thickness_cm, limb_of(scenario).adipose_thickness_cm, "adipose thickness");
    same(limb_of(other).distal_volume_mL, limb_of(scenario).distal_volume_mL, "distal volume");
    same(other.cuff.width_cm, scenario.cuff.width_cm, "width");
    same(other.cuff.inflation_time_s, scenario.cuff.inflation_time_s, "inflation time");
    same(other.pressure.value, scenario.pressure.value, "cuff pressure");
    same(other.baseline_s, scenario.baseline_s, "baseline");
    same(other.exercises.front().load, scenario.exercises.front().load, "load");
    same(other.exercises.front().rest_s, scenario.exercises.front().rest_s, "rest");
    same(duration_of(other), duration_of(scenario), "duration");
    if (number < 10) {
      ++runs;
      const RunResult a = run(scenario), b = run(other);
      expect(a.data.size() == b.data.size() && std::memcmp(a.data.data(), b.data.data(), a.data.size() * sizeof(double)) == 0, number,
             "its run has other bits");
    }
  });
  EXPECT_GT(runs, 0);
}

TEST_F(Properties, AScenariosOwnTextIsTheScenario) {
  for_each_draw(asked(150), [&](int number) {
    const Scenario scenario = drawn(number, number % 2 == 0 ? Fidelity::averaged : Fidelity::pulsatile);
    expect(parse_scenario(scenario.text, "again").text == scenario.text, number, "its text reads as another");
    expect(with(scenario, {}).text == scenario.text, number, "changing nothing changes it");
  });
}

} // namespace
} // namespace limbflow::models
