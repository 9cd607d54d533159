#include "models/run.hpp"

#include "core/integrate.hpp"
#include "core/recorder.hpp"
#include "models/anatomy.hpp"
#include "models/beat_mean_recorder.hpp"
#include "models/limb.hpp"
#include "models/protocol.hpp"
#include "models/virtual_tests.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

namespace limbflow::models {

namespace {

/// Inflow below this share of the resting inflow counts as none.
constexpr double no_inflow_share = 0.01;
/// Progress is told at most this often, s.
constexpr double progress_interval = 0.1;

using Controls = LimbControls<double>;

/// Makes the scenario's virtual tests when their times come.
template <class M>
class Measurer {
public:
  Measurer(const Scenario& scenario, const LimbParameters<double>& limb, const core::Timeline<Controls>& timeline,
           std::vector<RunResult::MeasurementResult>& results)
      : asked(scenario.measurements), detectable(scenario.parameters.value("pulse_detection_share")), parameters(limb),
        course(timeline), found(results) {
    std::stable_sort(asked.begin(), asked.end(),
                     [](const Measurement& a, const Measurement& b) { return a.time_s < b.time_s; });
  }

  void begin_segment(std::size_t, const core::Segment<Controls>& segment, const core::StateOf<M>& y) {
    controls = segment.controls;
    measure_until(segment.begin, [&](double, core::StateOf<M>& out) { out = y; });
  }

  template <class Step>
  void step(const Step& step) {
    const double last = step.end() < course.end() ? std::nextafter(step.end(), 0.0) : step.end();
    measure_until(last, [&](double t, core::StateOf<M>& out) { step.state_at(t, out); });
  }

  void end_segment(double, const core::StateOf<M>&) {}

private:
  template <class StateAt>
  void measure_until(double time, StateAt&& state_at) {
    for (; next < asked.size() && asked[next].time_s <= time; ++next) {
      core::StateOf<M> y;
      state_at(asked[next].time_s, y);
      found.push_back(measure(asked[next], y));
    }
  }

  RunResult::MeasurementResult measure(const Measurement& what, const core::StateOf<M>& y) const {
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
  const core::Timeline<Controls>& course;
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

/// Several observers as one.
template <class... Observers>
struct Together {
  std::tuple<Observers&...> all;
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
    add("first", unit, summary.first);
    add("last", unit, summary.last);
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

core::IntegrationOptions integration_options(const Scenario& scenario, const RunOptions& options) {
  core::IntegrationOptions integration;
  integration.relative_tolerance = scenario.relative_tolerance;
  integration.absolute_tolerance = scenario.relative_tolerance;
  integration.cancel = options.cancel;
  return integration;
}

std::vector<double> sample_times(double interval, double end) {
  std::vector<double> times;
  const auto count = static_cast<std::size_t>(std::floor(end / interval + 1e-9)) + 1;
  times.reserve(count);
  for (std::size_t k = 0; k < count; ++k)
    times.push_back(static_cast<double>(k) * interval);
  return times;
}

/// Integrates and records with core::Recorder: averaged runs, and waveforms of pulsatile ones.
template <class M, class... Others>
void run_recorded(RunResult& result, const Scenario& scenario, const RunOptions& options, const Protocol& protocol,
                  const LimbParameters<double>& parameters, std::vector<double> y, Others&... others) {
  core::RecorderOptions recording;
  recording.sample_interval = scenario.sample_interval_s;
  core::Recorder<M> recorder(protocol.timeline, parameters, recording);
  Together<core::Recorder<M>, Others...> observer{std::tie(recorder, others...)};
  result.report = core::integrate<M>(y, protocol.timeline, parameters, integration_options(scenario, options), observer);
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

/// Integrates the pulsatile limb and records beat means.
template <class... Others>
void run_beat_means(RunResult& result, const Scenario& scenario, const RunOptions& options, const Protocol& protocol,
                    const LimbParameters<double>& parameters, std::vector<double> y, Others&... others) {
  BeatMeanRecorder<PulsatileLimb> recorder(protocol.timeline, parameters, 1.0 / parameters.heart_rate);
  Together<BeatMeanRecorder<PulsatileLimb>, Others...> observer{std::tie(recorder, others...)};
  result.report =
      core::integrate<PulsatileLimb>(y, protocol.timeline, parameters, integration_options(scenario, options), observer);
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
          {"zero_inflow_time", "s", "time with less than 1 % of the resting inflow, to one sample interval"}};
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
  if (scenario.fidelity == Fidelity::averaged) {
    Measurer<AveragedLimb> measurer(scenario, parameters, protocol.timeline, result.measurements);
    run_recorded<AveragedLimb>(result, scenario, options, protocol, parameters, rest, measurer, teller);
  } else {
    Measurer<PulsatileLimb> measurer(scenario, parameters, protocol.timeline, result.measurements);
    if (options.waveforms)
      run_recorded<PulsatileLimb>(result, scenario, options, protocol, parameters, rest, measurer, teller);
    else
      run_beat_means(result, scenario, options, protocol, parameters, rest, measurer, teller);
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
