#pragma once
/// What model code says instead of `if` and `?:`, so that one text serves doubles, dual numbers and lanes: on lanes a
/// condition differs from scenario to scenario (core/lanes.hpp has the overloads that argument-dependent lookup finds).

namespace limbflow::core {

/// `a` where the condition holds, else `b`. Both are evaluated: neither may trap, but either may be non-finite where it
/// is not chosen.
template <class T> T select(bool condition, const T& a, const T& b) { return condition ? a : b; }

/// Whether a condition holds in any lane: what an iteration that runs until all lanes have converged asks.
inline bool any(bool condition) { return condition; }

} // namespace limbflow::core
