#pragma once

#include <string_view>

namespace limbflow::core {

/// Version of limbflow, e.g. `"0.1.0"`.
std::string_view version();

/// Source revision it was built from: commit, with `-modified` when the sources had changes, or `"unknown"` outside a
/// git checkout.
std::string_view revision();

/// Sixteen hexadecimal digits that change with the sources of the engine and the models, committed or not.
std::string_view source_hash();

} // namespace limbflow::core
