#pragma once
/// How a run ended, as a type, with what a person needs to understand it.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace limbflow::core {

enum class Outcome {
  completed,      ///< reached the end of the timeline
  event,          ///< a terminal event was found
  cancelled,      ///< the caller asked to stop
  non_finite,     ///< the right-hand side gave NaN or infinity however small the step
  step_too_small, ///< the tolerance could not be met with the smallest step allowed
  step_limit,     ///< the number of steps allowed was used up
  bound_violated  ///< a state left its bounds by more than the integration error explains
};

/// The enumerator's name, as stored in result files.
std::string_view to_string(Outcome outcome);

/// True for the outcomes that mean the computation failed: all but completed, event and cancelled.
bool is_failure(Outcome outcome);

/// A state that held the run back.
struct WorstState {
  std::string name;
  std::string unit;
  double value = 0.0;          ///< at the time of the report
  double weighted_error = 0.0; ///< error over tolerance (over 1 rejects a step); infinite where the state was not
                               ///< finite. For bound_violated: distance beyond the bound over tolerance
};

/// A root that was found.
struct EventRecord {
  std::string name;
  double time = 0.0; ///< s
  int direction = 0; ///< +1: the event function rose through zero, -1: it fell
};

struct RunReport {
  Outcome outcome = Outcome::completed;
  double time = 0.0;               ///< how far the run came (absolute, s); the state handed back belongs to it
  std::string segment;             ///< label of the timeline segment at that time
  std::string event;               ///< name of the terminal event, for Outcome::event
  std::vector<EventRecord> events; ///< every event found, in order of time, the terminal one included
  std::vector<WorstState> worst;   ///< after a failure: up to three states, worst first
  std::size_t steps = 0;           ///< accepted
  std::size_t rejected = 0;
  std::size_t rhs_evaluations = 0;

  /// One sentence for a person: what happened, when, and which states were worst.
  std::string describe() const;
};

} // namespace limbflow::core
