#pragma once

#include <string>

#include "core/result_store.hpp"
#include "models/scenario.hpp"

namespace limbflow::bindings {

/// What a result file says of where it comes from.
inline core::Provenance provenance_of(const models::Scenario& scenario, const std::string& title) {
  return {title, scenario.text, scenario.parameters.parameters(), {}, ""};
}

} // namespace limbflow::bindings
