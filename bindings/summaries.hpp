#pragma once

#include <algorithm>
#include <string>

#include "models/run.hpp"

namespace limbflow::bindings {

/// Part of the session that a number is about, as a name: `session`, `set_1`, `rest_1`.
inline std::string scope_name(const models::RunResult::Summary& summary) {
  std::string name = summary.scope;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

/// Name of a number as a variable of a run: `arterial_inflow_mean`, `cuff_on_time`.
inline std::string variable_name(const models::RunResult::Summary& summary) {
  return summary.signal.empty() ? summary.name : summary.signal + "_" + summary.name;
}

/// Name of a number as a variable of a sweep: those of the whole session bare, others with their part after them.
inline std::string column_name(const models::RunResult::Summary& summary) {
  const std::string scope = scope_name(summary);
  return scope == "session" ? variable_name(summary) : variable_name(summary) + "_" + scope;
}

/// What the number says, for a person.
inline std::string long_name(const models::RunResult& result, const models::RunResult::Summary& summary) {
  const auto infos = summary.signal.empty() ? models::session_numbers() : result.signals;
  const auto& wanted = summary.signal.empty() ? summary.name : summary.signal;
  const auto info = std::find_if(infos.begin(), infos.end(), [&](const auto& candidate) { return candidate.name == wanted; });
  const std::string meaning(info == infos.end() ? std::string_view(wanted) : info->long_name);
  return summary.signal.empty() ? meaning : meaning + ", " + summary.name;
}

} // namespace limbflow::bindings
