#pragma once
/// What model code says instead of `if` and `?:`, so that one text serves doubles, dual numbers and lanes: on lanes a
/// condition differs from scenario to scenario (core/lanes.hpp has the overloads that argument-dependent lookup finds).

namespace limbflow::core {

/// `a` where the condition holds, else `b`. Both are evaluated: neither may trap, but either may be non-finite where it
/// is not chosen.
template <class T> T select(bool condition, const T& a, const T& b) { return condition ? a : b; }

/// Whether a condition holds in any lane: what an iteration that runs until all lanes have converged asks.
inline bool any(bool condition) { return condition; }

/// How `condensed` is done with a scalar T; core/sparse_dual.hpp has another way for its own.
template <class T> struct Condensing {
  template <template <class> class Inputs, class Function> static auto apply(const Inputs<T>& inputs, Function&& function) {
    return function(inputs);
  }
};

/// function(inputs), where both the inputs and what comes of them are sets of nothing but values of a scalar, whichever it is. Says that much
/// is done with few inputs: derivatives then follow these inputs through the function, not all that they themselves depend on.
template <template <class> class Inputs, class T, class Function> auto condensed(const Inputs<T>& inputs, Function&& function) {
  return Condensing<T>::template apply<Inputs>(inputs, function);
}

/// a b + c, in the engine's own sums; lanes round it once where the processor can.
inline double multiply_add(double a, double b, double c) { return a * b + c; }

} // namespace limbflow::core
