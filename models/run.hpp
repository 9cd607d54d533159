// One scenario, run: the limb from rest through the protocol, with every signal recorded as its mean over one beat
// (models/beat_mean_recorder.hpp) in either fidelity.
#pragma once

#include "core/instruction_set.hpp"
#include "core/model.hpp"
#include "core/outcome.hpp"
#include "models/scenario.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace limbflow::models {

/// What each step of the integration is held to, so that the error of the states over a whole run stays below the scenario's tolerance
/// (tests/models/limb_numerics_test.cpp, properties_test.cpp), as far as rounding allows. Slow tone gathers the errors of many steps, most of
/// them where vessels shut and open.
inline double step_tolerance(double tolerance) { return std::max(0.01 * tolerance, 1e-13); }

struct RunOptions {
  std::function<bool()> cancel{};           ///< asked before every step; true ends the run with Outcome::cancelled
  std::function<void(double)> progress{};   ///< told the share of the run that is done (0..1), a few times a second
  bool keep_traces = true;                  ///< false: summaries only, and nothing of fibre classes
  /// Names of the signals to keep and to summarise, those of fibre classes included; none given keeps all.
  std::optional<std::vector<std::string>> signals{};
  bool waveforms = false;                   ///< signals as they are at each time, not averaged over a beat
};

struct RunResult {
  /// One number about one signal in one part of the protocol, e.g. {"maximum", "mL/min", "arterial_inflow", "set 1", 312.4},
  /// or about the whole run (session_numbers(): signal empty, scope "session").
  struct Summary {
    std::string name; ///< "mean", "minimum", "maximum", "integral", or the name of a whole-run number
    std::string unit;
    std::string signal;
    std::string scope;
    double value = 0;
  };
  struct SegmentRow {
    double begin = 0; ///< s
    double end = 0;
    std::string label;
    int set = 0; ///< 0 outside sets
  };
  struct MeasurementResult {
    std::string kind;
    double time = 0;  ///< s
    double value = 0; ///< NaN where the run ended before that time
    std::string unit;
  };

  std::vector<double> time;                ///< s, from 0 every sample interval
  std::vector<core::SignalInfo> signals;
  std::vector<double> data;                ///< [signal][time]
  std::vector<core::SignalInfo> fibre_signals;
  std::vector<double> fibre_data;          ///< [fibre signal][class I, IIa, IIx][time]
  std::vector<Summary> summaries;
  std::vector<SegmentRow> segments;
  std::vector<MeasurementResult> measurements;
  core::RunReport report;
  double aop_mmHg = 0;                     ///< occlusion pressure that "%AOP" stood for; 0 without a cuff
};

/// One of many runs.
struct RunJob {
  RunJob() = default;
  RunJob(const Scenario& what, RunOptions how) : scenario(&what), options(std::move(how)) {}
  virtual ~RunJob() = default;

  const Scenario* scenario = nullptr; ///< must outlive the run
  RunOptions options{};
  RunResult result{};
  std::exception_ptr error{}; ///< what run() would throw for this scenario alone
};

/// Runs scenarios side by side in the lanes of the processor (core/lane_pool.hpp). A job's result has the same bits as that of
/// run() for it alone, whatever the other jobs are and wherever it stands among them.
///
/// next_job: asked for a job when there is room in the lanes; null when there are no more. take: gets each job when it is over. Only as
/// many jobs as fill the lanes exist at a time.
void run_side_by_side(const std::function<std::unique_ptr<RunJob>()>& next_job,
                      const std::function<void(std::unique_ptr<RunJob>)>& take,
                      core::InstructionSet set = core::instruction_set());

/// Runs a scenario. A run that fails or is cancelled returns what it had, with the outcome in `report`.
/// Throws core::InputError for a scenario that takes no time, std::invalid_argument for a signal that is not there,
/// std::runtime_error if the limb has no resting state.
RunResult run(const Scenario& scenario, const RunOptions& options = {});

/// Names of the parameters that this scenario's run depends on: those whose change changes a number of the limb, its protocol or its
/// virtual tests.
std::vector<std::string> parameters_seen(const Scenario& scenario);

/// Names, units and meanings of the session numbers that every run gives besides its signals' summaries, in order.
std::vector<core::SignalInfo> session_numbers();

} // namespace limbflow::models
