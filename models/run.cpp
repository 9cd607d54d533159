#include "models/run.hpp"

#include "core/integrate.hpp"
#include "core/recorder.hpp"
#include "models/anatomy.hpp"
#include "models/beat_mean_recorder.hpp"
#include "models/limb.hpp"
#include "models/protocol.hpp"
#include "models/stretches.hpp"
#include "models/virtual_tests.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

namespace limbflow::models {

namespace {

/// Inflow below this share of the resting inflow counts as none.
constexpr double no_inflow_share = 0.02;
/// Progress is told at most this often, s.
constexpr double progress_interval = 0.1;

using Controls = LimbControls<double>;
using Course = core::Timeline<Controls>;
using State = core::StateOf<AveragedLimb>;
static_assert(std::is_same_v<State, core::StateOf<PulsatileLimb>>);

/// Makes the scenario's virtual tests when their times come, in whatever fidelity the run is at that time.
class Measurer {
public:
  Measurer(const Scenario& scenario, const LimbParameters<double>& limb, double run_end,
           std::vector<RunResult::MeasurementResult>& results)
      : asked(scenario.measurements), detectable(scenario.parameters.value("pulse_detection_share")), parameters(limb),
        end(run_end), found(results) {
    std::stable_sort(asked.begin(), asked.end(),
                     [](const Measurement& a, const Measurement& b) { return a.time_s < b.time_s; });
  }

  void begin_segment(std::size_t, const core::Segment<Controls>& segment, const State& y) {
    controls = segment.controls;
    measure_until(segment.begin, [&](double, State& out) { out = y; });
  }

  template <class Step>
  void step(const Step& step) {
    const double last = step.end() < end ? std::nextafter(step.end(), 0.0) : step.end();
    measure_until(last, [&](double t, State& out) { step.state_at(t, out); });
  }

  void end_segment(double, const State&) {}

private:
  template <class StateAt>
  void measure_until(double time, StateAt&& state_at) {
    for (; next < asked.size() && asked[next].time_s <= time; ++next) {
      State y;
      state_at(asked[next].time_s, y);
      found.push_back(measure(asked[next], y));
    }
  }

  RunResult::MeasurementResult measure(const Measurement& what, const State& y) const {
    if (what.kind == "aop")
      return {what.kind, what.time_s, occlusion_pressure(parameters, y, detectable), "mmHg"};
    if (what.kind == "plethysmography")
      return {what.kind, what.time_s, plethysmography(parameters, y, controls, what.time_s), "mL/100mL/min"};
    std::array<double, limb_signal_count> signals{};
    AveragedLimb::evaluate_signals<double>(what.time_s, y.data(), parameters, controls, signals.data());
    if (what.kind == "pulse")
      return {what.kind, what.time_s, signals[signal_pulse_amplitude], "1"};
    return {what.kind, what.time_s, signals[signal_capillary_refill_time], "s"};
  }

  std::vector<Measurement> asked;
  double detectable;
  const LimbParameters<double>& parameters;
  double end;
  std::vector<RunResult::MeasurementResult>& found;
  Controls controls{};
  std::size_t next = 0;
};

/// Tells how far the run is, from time to time.
class ProgressTeller {
public:
  ProgressTeller(const std::function<void(double)>& progress, double duration) : tell(progress), length(duration) {}
  template <class Segment, class State>
  void begin_segment(std::size_t, const Segment&, const State&) {}
  template <class Step>
  void step(const Step& step) {
    if (!tell)
      return;
    const auto now = std::chrono::steady_clock::now();
    if (std::chrono::duration<double>(now - last).count() < progress_interval)
      return;
    last = now;
    tell(step.end() / length);
  }
  template <class State>
  void end_segment(double, const State&) {}

private:
  const std::function<void(double)>& tell;
  double length;
  std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
};

/// Several observers as one, in order.
template <class... Observers>
struct Together {
  std::tuple<Observers...> all;
  template <class Segment, class State>
  void begin_segment(std::size_t index, const Segment& segment, const State& y) {
    std::apply([&](auto&... one) { (one.begin_segment(index, segment, y), ...); }, all);
  }
  template <class Step>
  void step(const Step& step) {
    std::apply([&](auto&... one) { (one.step(step), ...); }, all);
  }
  template <class State>
  void end_segment(double time, const State& y) {
    std::apply([&](auto&... one) { (one.end_segment(time, y), ...); }, all);
  }
};

void add_summaries(RunResult& result, const std::string& scope, const std::vector<core::SignalSummary>& summaries) {
  for (std::size_t i = 0; i < result.signals.size(); ++i) {
    const core::SignalSummary& summary = summaries[i];
    if (summary.empty())
      continue;
    const std::string name(result.signals[i].name);
    const std::string unit(result.signals[i].unit);
    const auto add = [&](const char* statistic, const std::string& of_unit, double value) {
      result.summaries.push_back({statistic, of_unit, name, scope, value});
    };
    add("mean", unit, summary.mean());
    add("minimum", unit, summary.minimum);
    add("maximum", unit, summary.maximum);
    add("integral", unit == "1" ? "s" : unit + " s", summary.integral);
  }
}

/// Summaries of every part of the protocol and of the whole; of(group) gives one group's, one per signal.
template <class SummariesOf>
void summarise(RunResult& result, const Protocol& protocol, SummariesOf&& of) {
  std::vector<core::SignalSummary> whole(result.signals.size());
  for (std::size_t scope = 0; scope < protocol.scopes.size(); ++scope) {
    const std::vector<core::SignalSummary> summaries = of(static_cast<int>(scope));
    add_summaries(result, protocol.scopes[scope], summaries);
    for (std::size_t i = 0; i < whole.size(); ++i)
      whole[i].include(summaries[i]);
  }
  add_summaries(result, "session", whole);
}

/// Integration of the pulsatile limb never steps over the tip of a pulse.
constexpr double pulsatile_steps_per_beat = 20.0;

template <class M>
core::IntegrationOptions integration_options(const Scenario& scenario, const LimbParameters<double>& parameters,
                                             const RunOptions& options) {
  core::IntegrationOptions integration;
  integration.relative_tolerance = step_tolerance(scenario.relative_tolerance);
  integration.absolute_tolerance = integration.relative_tolerance;
  integration.cancel = options.cancel;
  if constexpr (std::is_same_v<M, PulsatileLimb>)
    integration.maximum_step = 1.0 / (pulsatile_steps_per_beat * parameters.heart_rate);
  return integration;
}

/// The resting state at the phase of the beat that the run starts at: a few beats before time zero.
std::vector<double> pulsatile_start(std::vector<double> y, const LimbParameters<double>& parameters,
                                    const Scenario& scenario) {
  constexpr double beats = 5.0;
  Course before(-beats / parameters.heart_rate);
  Controls controls;
  controls.external_pressure = scenario.external_pressure_mmHg;
  before.append(beats / parameters.heart_rate, controls, "before the run");
  const core::RunReport report =
      core::integrate<PulsatileLimb>(y, before, parameters, integration_options<PulsatileLimb>(scenario, parameters, {}));
  if (report.outcome != core::Outcome::completed)
    throw std::runtime_error("the limb found no resting beat: " + report.describe());
  y[inflow_volume] = y[outflow_volume] = y[lymph_volume] = 0.0;
  return y;
}

std::vector<double> sample_times(double interval, double end) {
  std::vector<double> times;
  const auto count = static_cast<std::size_t>(std::floor(end / interval + 1e-9)) + 1;
  times.reserve(count);
  for (std::size_t k = 0; k < count; ++k)
    times.push_back(static_cast<double>(k) * interval);
  return times;
}

/// Integrates the timeline stretch by stretch, each in its fidelity, into one report. observer.operator()<M>() gives the
/// observer of a stretch.
template <class ObserverOf>
core::RunReport integrate_stretches(const std::vector<Stretch>& stretches, std::vector<double>& y, const Scenario& scenario,
                                    const LimbParameters<double>& parameters, const RunOptions& options,
                                    ObserverOf&& observer_of) {
  core::RunReport whole;
  for (const Stretch& stretch : stretches) {
    const auto part = [&]<class M>(std::type_identity<M>) {
      auto observer = observer_of.template operator()<M>();
      return core::integrate<M>(y, stretch.timeline, parameters, integration_options<M>(scenario, parameters, options),
                                observer);
    };
    core::RunReport report =
        stretch.pulsatile ? part(std::type_identity<PulsatileLimb>{}) : part(std::type_identity<AveragedLimb>{});
    report.steps += whole.steps;
    report.rejected += whole.rejected;
    report.rhs_evaluations += whole.rhs_evaluations;
    whole = std::move(report);
    if (whole.outcome != core::Outcome::completed)
      break;
  }
  return whole;
}

/// Runs in one fidelity and records signals as they are.
template <class M>
void run_waveforms(RunResult& result, const Scenario& scenario, const RunOptions& options, const Protocol& protocol,
                   const LimbParameters<double>& parameters, std::vector<double> y, Measurer& measurer,
                   ProgressTeller& teller) {
  core::RecorderOptions recording;
  recording.sample_interval = scenario.sample_interval_s;
  core::Recorder<M> recorder(protocol.timeline, parameters, recording);
  Together<core::Recorder<M>&, Measurer&, ProgressTeller&> observer{std::tie(recorder, measurer, teller)};
  result.report =
      core::integrate<M>(y, protocol.timeline, parameters, integration_options<M>(scenario, parameters, options), observer);
  summarise(result, protocol, [&](int group) {
    std::vector<core::SignalSummary> summaries;
    for (const core::SignalInfo& signal : result.signals)
      summaries.push_back(recorder.summary(group, signal.name));
    return summaries;
  });
  result.time = recorder.time();
  result.data.resize(result.time.size() * result.signals.size());
  for (std::size_t k = 0; k < result.time.size(); ++k)
    for (std::size_t i = 0; i < result.signals.size(); ++i)
      result.data[i * result.time.size() + k] = recorder.value(k, i);
}

/// Runs and records beat means.
void run_beat_means(RunResult& result, const Scenario& scenario, const RunOptions& options, const Protocol& protocol,
                    const std::vector<Stretch>& stretches, const LimbParameters<double>& parameters, std::vector<double> y,
                    Measurer& measurer, ProgressTeller& teller) {
  BeatMeanRecorder recorder(stretches, parameters, 1.0 / parameters.heart_rate);
  result.report = integrate_stretches(stretches, y, scenario, parameters, options, [&]<class M>() {
    return Together<BeatMeanRecorder::Watch<M>, Measurer&, ProgressTeller&>{{recorder.watch<M>(), measurer, teller}};
  });
  summarise(result, protocol, [&](int group) { return recorder.summaries(group); });
  result.time = sample_times(scenario.sample_interval_s, recorder.end());
  const std::size_t count = result.signals.size();
  result.data.resize(result.time.size() * count);
  std::vector<double> values(count);
  for (std::size_t k = 0; k < result.time.size(); ++k) {
    recorder.sample(result.time[k], values.data());
    for (std::size_t i = 0; i < count; ++i)
      result.data[i * result.time.size() + k] = values[i];
  }
}

double time_without_inflow(const RunResult& result, const LimbParameters<double>& p, double interval) {
  const double resting =
      (p.active_resting_flow + p.inactive_resting_flow + p.skin_resting_flow) * p.tissue_volume * 0.6; // mL/min
  const auto begin = result.data.begin() + static_cast<std::ptrdiff_t>(signal_arterial_inflow * result.time.size());
  const auto samples = std::count_if(begin, begin + static_cast<std::ptrdiff_t>(result.time.size()),
                                     [&](double inflow) { return inflow < no_inflow_share * resting; });
  return static_cast<double>(samples) * interval;
}

} // namespace

std::vector<core::SignalInfo> session_numbers() {
  return {{"aop", "mmHg", "cuff pressure that stops arterial flow at rest"},
          {"cuff_on_time", "s", "time for which the cuff was asked to hold pressure"},
          {"zero_inflow_time", "s", "time with less than 2 % of the resting inflow, to one sample interval"}};
}

RunResult run(const Scenario& scenario, const RunOptions& options) {
  RunResult result;
  LimbParameters<double> parameters = limb_parameters(scenario);
  const std::vector<double> rest = resting_state(parameters, scenario.external_pressure_mmHg);
  parameters.reference_volume =
      rest[arterial_volume] + rest[deep_venous_volume] + rest[superficial_venous_volume] + rest[interstitial_volume];
  if (scenario.has_cuff)
    result.aop_mmHg = scenario.measured_aop_mmHg.value_or(
        occlusion_pressure(parameters, rest, scenario.parameters.value("pulse_detection_share")));
  parameters.occlusion_pressure = scenario.has_cuff ? result.aop_mmHg : std::numeric_limits<double>::infinity();

  const Protocol protocol = build_protocol(scenario, result.aop_mmHg);
  if (protocol.timeline.empty()) {
    core::Diagnostic problem;
    problem.rule = "missing-key";
    problem.key = "timing";
    problem.message = "the scenario takes no time: it has neither exercise nor baseline, passive or recovery time";
    throw core::InputError({problem});
  }
  for (const Activity& activity : protocol.activities)
    result.segments.push_back({activity.begin, activity.end, activity.label, activity.set});
  const auto signals = AveragedLimb::signals();
  result.signals.assign(signals.begin(), signals.end());

  ProgressTeller teller(options.progress, protocol.timeline.end());
  Measurer measurer(scenario, parameters, protocol.timeline.end(), result.measurements);
  const bool pulsatile = scenario.fidelity == Fidelity::pulsatile;
  if (options.waveforms) {
    if (pulsatile)
      run_waveforms<PulsatileLimb>(result, scenario, options, protocol, parameters,
                                   pulsatile_start(rest, parameters, scenario), measurer, teller);
    else
      run_waveforms<AveragedLimb>(result, scenario, options, protocol, parameters, rest, measurer, teller);
  } else {
    const std::vector<Stretch> stretches = pulsatile ? std::vector<Stretch>{{true, protocol.timeline}}
                                                     : beat_resolved_stretches(protocol.timeline, parameters);
    const std::vector<double> start =
        stretches.front().pulsatile ? pulsatile_start(rest, parameters, scenario) : rest;
    run_beat_means(result, scenario, options, protocol, stretches, parameters, start, measurer, teller);
  }

  const double values[] = {result.aop_mmHg, protocol.cuff_on_time,
                           time_without_inflow(result, parameters, scenario.sample_interval_s)};
  const auto numbers = session_numbers();
  for (std::size_t k = 0; k < numbers.size(); ++k)
    result.summaries.push_back({std::string(numbers[k].name), std::string(numbers[k].unit), "", "session", values[k]});
  if (!options.keep_traces) {
    result.time = {};
    result.data = {};
  }
  return result;
}

} // namespace limbflow::models
