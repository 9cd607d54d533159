#include "core/outcome.hpp"

#include <cmath>
#include <sstream>

namespace limbflow::core {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
  case Outcome::completed:
    return "completed";
  case Outcome::event:
    return "event";
  case Outcome::cancelled:
    return "cancelled";
  case Outcome::non_finite:
    return "non_finite";
  case Outcome::step_too_small:
    return "step_too_small";
  case Outcome::step_limit:
    return "step_limit";
  case Outcome::bound_violated:
    return "bound_violated";
  }
  return "unknown";
}

bool is_failure(Outcome outcome) {
  return outcome != Outcome::completed && outcome != Outcome::event && outcome != Outcome::cancelled;
}

std::string RunReport::describe() const {
  std::ostringstream text;
  switch (outcome) {
  case Outcome::completed:
    text << "completed";
    break;
  case Outcome::event:
    text << "ended by the event '" << event << "'";
    break;
  case Outcome::cancelled:
    text << "cancelled";
    break;
  case Outcome::non_finite:
    text << "stopped: a value was not finite however small the step";
    break;
  case Outcome::step_too_small:
    text << "stopped: the tolerance cannot be met even with the smallest step";
    break;
  case Outcome::step_limit:
    text << "stopped: the limit on the number of steps was reached";
    break;
  case Outcome::bound_violated:
    text << "stopped: a state left its bounds";
    break;
  }
  text << " at t = " << time << " s";
  if (!segment.empty())
    text << " (" << segment << ")";
  text << " after " << steps << " steps, " << rejected << " rejected";
  for (std::size_t i = 0; i < worst.size(); ++i) {
    const WorstState& state = worst[i];
    text << (i == 0 ? (worst.size() == 1 ? "; worst state: " : "; worst states: ") : ", ") << state.name << " = "
         << state.value;
    if (!state.unit.empty())
      text << " " << state.unit;
    if (std::isfinite(state.weighted_error))
      text << " (" << state.weighted_error
           << (outcome == Outcome::bound_violated ? " tolerances beyond its bound)" : " times its tolerance)");
    else
      text << " (not finite)";
  }
  return text.str();
}

} // namespace limbflow::core
