#include "models/run.hpp"

#include "core/integrate.hpp"
#include "core/lane_pool.hpp"
#include "models/anatomy.hpp"
#include "models/beat_mean_recorder.hpp"
#include "models/course.hpp"
#include "models/limb.hpp"
#include "models/limb_pools.hpp"
#include "models/protocol.hpp"
#include "models/virtual_tests.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <iomanip>
#include <limits>
#include <list>
#include <memory>
#include <numeric>
#include <sstream>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <utility>

namespace limbflow::models {

namespace {

/// Inflow below this share of the resting inflow counts as none.
constexpr double no_inflow_share = 0.02;
/// Progress is told at most this often, s.
constexpr double progress_interval = 0.1;

using Controls = LimbControls<double>;
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

  /// Tests whose time did not come because the run ended before: their value is not a number.
  void give_up() {
    for (; next < asked.size(); ++next)
      found.push_back({asked[next].kind, asked[next].time_s, std::numeric_limits<double>::quiet_NaN(), ""});
  }

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
    if (what.kind == "mvc")
      return {what.kind, what.time_s, signals[signal_force_capacity], "1"};
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

std::vector<double> sample_times(double interval, double end) {
  std::vector<double> times;
  const auto count = static_cast<std::size_t>(std::floor(end / interval + 1e-9)) + 1;
  times.reserve(count);
  for (std::size_t k = 0; k < count; ++k)
    times.push_back(static_cast<double>(k) * interval);
  return times;
}

/// Places of the signals that a run keeps, in what evaluate_signals() gives.
struct Kept {
  std::vector<std::size_t> limb;   ///< in order
  std::vector<std::size_t> fibres; ///< FibreSignal, in order
};

Kept kept_signals(const RunOptions& options) {
  Kept kept;
  const auto wanted = [&](std::string_view name) {
    return !options.signals || std::find(options.signals->begin(), options.signals->end(), name) != options.signals->end();
  };
  for (std::size_t i = 0; i < limb_signal_count; ++i)
    if (wanted(limb_signals[i].name))
      kept.limb.push_back(i);
  if (options.keep_traces)
    for (std::size_t i = 0; i < fibre_signal_count; ++i)
      if (wanted(fibre_signals[i].name))
        kept.fibres.push_back(i);
  if (options.signals)
    for (const std::string& name : *options.signals) {
      const auto named = [&](const core::SignalInfo& info) { return info.name == name; };
      if (std::none_of(limb_signals.begin(), limb_signals.end(), named) &&
          std::none_of(fibre_signals.begin(), fibre_signals.end(), named))
        throw std::invalid_argument("run: there is no signal '" + name + "'");
    }
  return kept;
}

/// What the recorder has to keep: what is asked for, and what the session's numbers are made of.
std::vector<std::size_t> recorded_signals(const Kept& kept) {
  std::vector<std::size_t> recorded = kept.limb;
  recorded.push_back(signal_arterial_inflow);
  recorded.push_back(signal_force_capacity);
  for (const std::size_t signal : kept.fibres)
    for (std::size_t k = 0; k < fibre_classes; ++k)
      recorded.push_back(limb_signal_count + signal * fibre_classes + k);
  return recorded;
}

void record(RunResult& result, const Scenario& scenario, const RunOptions& options, const Kept& kept, const Protocol& protocol,
            const BeatMeanRecorder& recorder) {
  std::vector<std::size_t> columns;
  for (const std::size_t signal : kept.limb) {
    columns.push_back(recorder.column(signal));
    result.signals.push_back(limb_signals[signal]);
  }
  summarise(result, protocol, [&](int group) {
    const std::vector<core::SignalSummary> all = recorder.summaries(group);
    std::vector<core::SignalSummary> asked;
    for (const std::size_t column : columns)
      asked.push_back(all[column]);
    return asked;
  });
  if (!options.keep_traces)
    return;
  for (const std::size_t signal : kept.fibres) {
    result.fibre_signals.push_back(fibre_signals[signal]);
    for (std::size_t k = 0; k < fibre_classes; ++k)
      columns.push_back(recorder.column(limb_signal_count + signal * fibre_classes + k));
  }
  result.time = sample_times(scenario.sample_interval_s, recorder.end());
  const std::size_t samples = result.time.size();
  result.data.resize(samples * kept.limb.size());
  result.fibre_data.resize(samples * (columns.size() - kept.limb.size()));
  std::vector<double> values(recorder.signals().size());
  for (std::size_t k = 0; k < samples; ++k) {
    recorder.sample(result.time[k], values.data());
    for (std::size_t i = 0; i < columns.size(); ++i)
      (i < kept.limb.size() ? result.data[i * samples + k] : result.fibre_data[(i - kept.limb.size()) * samples + k]) =
          values[columns[i]];
  }
}

/// Time with hardly any inflow, s: looked at four times a second.
double time_without_inflow(const BeatMeanRecorder& recorder, const LimbParameters<double>& p) {
  constexpr double interval = 0.25;
  const double resting =
      (p.active_resting_flow + p.inactive_resting_flow + p.skin_resting_flow) * p.tissue_volume * 0.6; // mL/min
  const std::size_t inflow = recorder.column(signal_arterial_inflow);
  double time = 0.0;
  for (double t = 0.0; t < recorder.end(); t += interval)
    if (recorder.sample(t, inflow) < no_inflow_share * resting)
      time += interval;
  return time;
}

/// Change of the maximal voluntary contraction from the start of the run to the end of the last set, %; 0 without sets.
double mvc_change(const BeatMeanRecorder& recorder, const Protocol& protocol) {
  double last_set = 0.0;
  for (const Activity& activity : protocol.activities)
    if (activity.set > 0)
      last_set = std::min(activity.end, recorder.end());
  if (last_set == 0.0)
    return 0.0;
  const std::size_t capacity = recorder.column(signal_force_capacity);
  return 100.0 * (recorder.sample(last_set, capacity) / recorder.sample(0.0, capacity) - 1.0);
}

/// The values of session_numbers(), in their order.
std::vector<double> session_values(const RunResult& result, const CourseResult& done, const BeatMeanRecorder& recorder,
                                   const LimbParameters<double>& parameters) {
  const auto& repetitions = done.protocol.repetitions;
  return {result.aop_mmHg,
          done.protocol.cuff_on_time,
          time_without_inflow(recorder, parameters),
          static_cast<double>(std::accumulate(repetitions.begin(), repetitions.end(), 0)),
          done.failure_times.empty() ? std::numeric_limits<double>::quiet_NaN() : done.failure_times.front(),
          mvc_change(recorder, done.protocol)};
}

/// Every number that the tables give a run.
std::vector<double> inputs_of(const Scenario& scenario) {
  std::vector<double> inputs;
  const auto add = [&]<class Numbers>(const Numbers& numbers) {
    static_assert(sizeof numbers % sizeof(double) == 0 && std::is_trivially_copyable_v<Numbers>);
    const std::size_t count = inputs.size();
    inputs.resize(count + sizeof numbers / sizeof(double));
    std::memcpy(&inputs[count], &numbers, sizeof numbers);
  };
  add(limb_parameters(scenario));
  constexpr double occlusion_pressure_of_any_limb = 100.0;
  const Protocol protocol = build_protocol(scenario, occlusion_pressure_of_any_limb);
  for (const auto& segment : protocol.timeline.segments()) {
    add(std::array{segment.begin, segment.end});
    add(segment.controls);
  }
  if (scenario.has_cuff)
    inputs.push_back(scenario.parameters.value("pulse_detection_share"));
  return inputs;
}

} // namespace

std::vector<std::string> parameters_seen(const Scenario& scenario) {
  constexpr double change = 1e-3; // of a parameter's range
  const std::vector<double> inputs = inputs_of(scenario);
  std::vector<std::string> seen;
  Scenario changed = scenario;
  for (const core::Parameter& parameter : scenario.parameters.parameters()) {
    const double step = change * (parameter.high - parameter.low);
    const double other = parameter.value + step <= parameter.high ? parameter.value + step : parameter.value - step;
    std::ostringstream text;
    text << std::setprecision(std::numeric_limits<double>::max_digits10) << other;
    if (parameter.unit != "1")
      text << ' ' << parameter.unit;
    changed.parameters = scenario.parameters;
    changed.parameters.set(parameter.name, text.str());
    if (inputs_of(changed) != inputs)
      seen.push_back(parameter.name);
  }
  return seen;
}

std::vector<core::SignalInfo> session_numbers() {
  return {{"aop", "mmHg", "cuff pressure that stops arterial flow at rest"},
          {"cuff_on_time", "s", "time for which the cuff was asked to hold pressure"},
          {"zero_inflow_time", "s", "time with less than 2 % of the resting inflow"},
          {"reps_completed", "1", "repetitions completed in all sets"},
          {"time_to_failure", "s", "time at which the first set failed; NaN if none did"},
          {"mvc_change", "%", "change of maximal voluntary contraction from rest to the end of the last set"}};
}

namespace {

/// One scenario on its way along its course. Integrations are asked for one by one.
class Member {
public:
  template <core::Model M>
  struct Integration : core::LaneRun<M>, core::LaneWatcher<M> {
    explicit Integration(Member& of) : member(of) {}
    void begin_segment(std::size_t index, const core::Segment<Controls>& segment, const State& y,
                       const double* events) override {
      member.course->begin_segment(segment.begin, events[0]);
      member.recorder->enter(segment);
      member.measurer->begin_segment(index, segment, y);
    }
    void step(const core::DenseStep<core::LaneStepper<M>>& step) override {
      member.measurer->step(step);
      member.teller->step(step);
    }
    void end_segment(double, const State&) override {}
    double signal_interval() const override { return member.recorder->longest(); }
    SignalParts signal_parts() const override { return member.recorder->needs(); }
    void signals(double, double end, const double* mean, const double* rise, std::size_t stride) override {
      member.recorder->take(end, mean, rise, stride);
    }
    Member& member;
  };

  explicit Member(std::unique_ptr<RunJob> what) : owned(std::move(what)), job(*owned), scenario(*job.scenario) {}

  std::unique_ptr<RunJob> hand_back() { return std::move(owned); }

  /// To be called once, before all else.
  void start() {
    kept = kept_signals(job.options);
    parameters = limb_parameters(scenario);
  }

  /// Begins the course if the limb's rest is known.
  bool begin_at_rest(core::InstructionSet set) {
    const auto rest = known_resting_limb(parameters, scenario.external_pressure_mmHg, set);
    if (rest)
      begin_course(*rest);
    return rest.has_value();
  }

  /// Brings the limb to rest first.
  void settle(const LimbPools& pools, core::InstructionSet set) {
    if (!settling)
      settling = std::make_unique<Settling>(parameters, scenario.external_pressure_mmHg, set);
    settling->prepare(averaged);
    pools.to_rest().add(averaged);
  }

  bool is_settling() const { return settling != nullptr; }
  bool settles_the_limb_of(const Member& other) const {
    return settling && settling->is_of(other.parameters, other.scenario.external_pressure_mmHg);
  }

  /// Takes an integration of settle() back. True when the limb is at rest; the course has begun then.
  bool take_settled() {
    if (!settling->done(averaged))
      return false;
    const auto done = std::move(settling);
    begin_course(done->limb());
    return true;
  }

  std::vector<Member*> followers; ///< that wait for the rest of the same limb

  /// Puts the integration that comes next into its pool. False when the run is over.
  bool go_on(const LimbPools& pools) {
    const Course::Leg* leg = course->next(state);
    if (!leg) {
      finish();
      return false;
    }
    if (leg->recorded)
      recorder->new_stretch();
    if (leg->pulsatile)
      submit(pools, pulsatile, *leg);
    else
      submit(pools, averaged, *leg);
    return true;
  }

  /// Takes an integration back.
  template <core::Model M>
  void take_back(Integration<M>& integration) {
    if (integration.error)
      std::rethrow_exception(integration.error);
    state = integration.state;
    course->done(std::move(integration.report));
  }

private:
  std::unique_ptr<RunJob> owned;

public:
  RunJob& job;

private:
  template <core::Model M>
  void submit(const LimbPools& pools, Integration<M>& integration, const Course::Leg& leg) {
    leg.set_up<M>(integration, state, parameters, &integration);
    pools.by<M>(scenario.stepper).add(integration);
  }

  void begin_course(const RestingLimb& rest) {
    parameters = rest.parameters;
    std::copy(rest.state.begin(), rest.state.end(), state.begin());
    if (scenario.has_cuff)
      job.result.aop_mmHg =
          scenario.measured_aop_mmHg ? *scenario.measured_aop_mmHg
                                     : resting_occlusion_pressure(rest, scenario.parameters.value("pulse_detection_share"));
    parameters.occlusion_pressure = scenario.has_cuff ? job.result.aop_mmHg : std::numeric_limits<double>::infinity();
    CourseOptions options;
    options.fidelity = scenario.fidelity;
    options.step_tolerance = step_tolerance(scenario.relative_tolerance);
    options.stepper = scenario.stepper;
    options.resolve_changes = !job.options.waveforms;
    options.cancel = job.options.cancel;
    course.emplace(scenario, parameters, options);
    const auto& timeline = course->result().protocol.timeline;
    if (timeline.empty()) {
      core::Diagnostic problem;
      problem.rule = "missing-key";
      problem.key = "timing";
      problem.message = "the scenario takes no time: it has neither exercise nor baseline, passive or recovery time";
      throw core::InputError({problem});
    }
    constexpr double waveform_window = 0.01; // beats
    recorder.emplace(parameters, job.options.waveforms ? waveform_window : 1.0, recorded_signals(kept));
    teller.emplace(job.options.progress, timeline.end());
    measurer.emplace(scenario, parameters, timeline.end(), job.result.measurements);
  }

  void finish() {
    RunResult& result = job.result;
    const CourseResult& done = course->result();
    measurer->give_up();
    result.report = done.report;
    for (const Activity& activity : done.protocol.activities)
      result.segments.push_back({activity.begin, activity.end, activity.label, activity.set});
    record(result, scenario, job.options, kept, done.protocol, *recorder);
    const std::vector<double> values = session_values(result, done, *recorder, parameters);
    const auto numbers = session_numbers();
    for (std::size_t k = 0; k < numbers.size(); ++k)
      result.summaries.push_back({std::string(numbers[k].name), std::string(numbers[k].unit), "", "session", values[k]});
    for (std::size_t set = 0; set < done.protocol.repetitions.size(); ++set)
      result.summaries.push_back({"reps_completed", "1", "", "set " + std::to_string(set + 1),
                                  static_cast<double>(done.protocol.repetitions[set])});
  }

  const Scenario& scenario;
  Kept kept;
  LimbParameters<double> parameters{};
  std::unique_ptr<Settling> settling; // on the way to rest
  std::optional<Course> course;
  std::optional<BeatMeanRecorder> recorder;
  std::optional<Measurer> measurer;
  std::optional<ProgressTeller> teller;
  State state{};
  Integration<AveragedLimb> averaged{*this};
  Integration<PulsatileLimb> pulsatile{*this};
};

/// All jobs of one thread, as many at a time as keep the lanes of both pools full.
class Crew {
public:
  explicit Crew(core::InstructionSet instructions) : set(instructions), pools(limb_pools(instructions)) {}

  void work(const std::function<std::unique_ptr<RunJob>()>& next_job,
            const std::function<void(std::unique_ptr<RunJob>)>& take) {
    const std::size_t most = 2 * pools.to_rest().lanes();
    bool more = true;
    while (more || !members.empty()) {
      while (more && members.size() < most) {
        std::unique_ptr<RunJob> job = next_job();
        more = job != nullptr;
        if (more)
          start(std::move(job));
        hand_over(take);
      }
      pools.with_fullest([&](auto& pool) { advance(pool); });
      hand_over(take);
    }
  }

private:
  using Members = std::list<Member>;

  void start(std::unique_ptr<RunJob> job) {
    Member& member = members.emplace_back(std::move(job));
    go_on(member, [&] {
      member.start();
      return set_off(member);
    });
  }

  /// Begins a member's course, or has it wait for its limb to come to rest.
  bool set_off(Member& member) {
    if (member.begin_at_rest(set))
      return member.go_on(pools);
    const auto leader = std::find_if(members.begin(), members.end(),
                                     [&](const Member& other) { return other.settles_the_limb_of(member); });
    if (leader != members.end())
      leader->followers.push_back(&member);
    else
      member.settle(pools, set);
    return true;
  }

  /// Does what says whether the run goes on; if not, or if that throws, the member is over.
  template <class Work>
  void go_on(Member& member, Work&& work) {
    bool goes_on = false;
    try {
      goes_on = work();
    } catch (...) {
      member.job.error = std::current_exception();
    }
    if (goes_on)
      return;
    over.push_back(member.hand_back());
    members.remove_if([&](const Member& other) { return &other == &member; });
  }

  void hand_over(const std::function<void(std::unique_ptr<RunJob>)>& take) {
    for (auto& job : over)
      take(std::move(job));
    over.clear();
  }

  template <core::Model M>
  void advance(core::LanePool<M>& pool) {
    core::LaneRun<M>* run = pool.next();
    if (!run)
      return;
    auto& integration = static_cast<Member::Integration<M>&>(*run);
    Member& member = integration.member;
    std::vector<Member*> followers;
    go_on(member, [&] {
      if (!member.is_settling()) {
        member.take_back(integration);
        return member.go_on(pools);
      }
      followers.swap(member.followers); // they set off on their own if the member throws
      if (member.take_settled())
        return member.go_on(pools);
      member.settle(pools, set);
      followers.swap(member.followers);
      return true;
    });
    for (Member* follower : followers)
      go_on(*follower, [&] { return set_off(*follower); });
  }

  core::InstructionSet set;
  LimbPools pools;
  Members members;
  std::vector<std::unique_ptr<RunJob>> over;
};

} // namespace

void run_side_by_side(const std::function<std::unique_ptr<RunJob>()>& next_job,
                      const std::function<void(std::unique_ptr<RunJob>)>& take, core::InstructionSet set) {
  Crew(set).work(next_job, take);
}

RunResult run(const Scenario& scenario, const RunOptions& options) {
  auto only = std::make_unique<RunJob>(scenario, options);
  std::unique_ptr<RunJob> done;
  run_side_by_side([&] { return std::move(only); }, [&](std::unique_ptr<RunJob> job) { done = std::move(job); });
  if (done->error)
    std::rethrow_exception(done->error);
  return std::move(done->result);
}

} // namespace limbflow::models
