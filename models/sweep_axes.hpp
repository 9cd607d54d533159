// Sweeps over a scenario: which keys take which values.
#pragma once

#include "models/scenario.hpp"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace limbflow::models {

/// One axis of a sweep.
struct SweepAxis {
  std::string key;                ///< dotted
  std::string unit;               ///< of `values` ("%AOP"); empty where the values are names
  std::vector<std::string> texts; ///< what `with` gets
  std::vector<double> values;     ///< in `unit`; 0, 1, 2, ... where the values are names
};

struct SweepSpec {
  std::string title;
  Scenario base;
  std::vector<SweepAxis> axes;
  std::vector<std::string> files;
};

/// Reads an axis of one line: "0..100 %AOP / 11" (11 values, ends included), a list "10, 20, 30 %1RM" or
/// "[30 s, 1 min]", or names "adult_man, adult_woman". Every value is tried on the scenario. Throws core::InputError.
SweepAxis parse_axis(const Scenario& scenario, const std::string& key, const std::string& text);

/// An axis from values already separate, each a text for `with`.
SweepAxis make_axis(const Scenario& scenario, const std::string& key, const std::vector<std::string>& texts);

/// Reads a sweep file, or a shipped sweep by name. `further_tables` may stand in it beside [axes], or in its place: they are
/// the caller's to read. Throws core::InputError with every problem.
SweepSpec load_sweep(const std::filesystem::path& path_or_name, std::span<const std::string> further_tables = {});

/// Number of runs of a sweep over the grid of its axes. Throws core::InputError above 100 million.
std::size_t member_count(const std::vector<SweepAxis>& axes);

} // namespace limbflow::models
