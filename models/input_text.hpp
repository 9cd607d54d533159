// Small things that readers of scenarios, changes and sweeps share.
#pragma once

#include "core/diagnostics.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limbflow::models {

/// What is wrong with a key of a file. Place, value and what is accepted are the caller's to add.
inline core::Diagnostic problem(std::string file, std::string rule, std::string key, std::string message) {
  core::Diagnostic d;
  d.rule = std::move(rule);
  d.file = std::move(file);
  d.key = std::move(key);
  d.message = std::move(message);
  return d;
}

/// The parts of a text between separators; empty ones count.
inline std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(separator, begin);
    out.emplace_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos)
      return out;
    begin = end + 1;
  }
}

/// Without the blanks at both ends.
inline std::string trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? ""
                                         : std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

} // namespace limbflow::models
