#pragma once
/// What the engine asks of a model: a layout of states with names and scales, a right-hand side and signals, all
/// templated on the scalar so that one text serves doubles, lanes and dual numbers.
///
/// A model M is a type with only static members:
///
///   struct M {
///     template <class T> using Parameters = ...;   // plain values of T, fixed during a run
///     template <class T> using Controls = ...;     // plain values of T, fixed within a timeline segment
///     static constexpr std::size_t state_count = ...;
///     static std::span<const StateInfo> states();    // state_count entries
///     static std::span<const SignalInfo> signals();  // derived outputs, may be empty
///     template <class T> static void rhs(const T& t, const T* y, T* dydt, const Parameters<T>&, const Controls<T>&);
///     template <class T> static void evaluate_signals(const T& t, const T* y, const Parameters<T>&, const
///     Controls<T>&, T* out);
///     // with events found by root, also:
///     static std::span<const EventInfo> events();
///     template <class T> static void evaluate_events(const T& t, const T* y, const Parameters<T>&, const Controls<T>&,
///     T* out);
///   };
///
/// Signals that cost more than the rest can be left out: such a model also has a type `SignalParts` that says which are
/// wanted, with `|` for those that either of two wants, takes one as a last argument of evaluate_signals, and gives the
/// length of `out` with all parts as `most_signals`.
///
/// t is the absolute time of the run in s; y and dydt hold state_count values, out as many as signals() or events().
/// Model code calls elementary functions unqualified after `using std::exp;`, so that other scalars are found by their
/// namespace. It has no branch on a T: a condition differs from lane to lane (core/scalar.hpp). For derivatives by dual numbers, Parameters<T> and Controls<T> give `template <class U> ...<U> cast()
/// const` when they depend on T (core/dual.hpp).

#include <array>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>

namespace limbflow::core {

/// One integrated state. `scale` is its usual magnitude: the absolute tolerance is a multiple of it. A run ends with
/// `bound_violated` when the state leaves [lower, upper] by more than the integration error explains.
struct StateInfo {
  std::string_view name;
  std::string_view unit;
  double scale = 1.0;
  double lower = -std::numeric_limits<double>::infinity();
  double upper = std::numeric_limits<double>::infinity();
};

/// One derived output.
struct SignalInfo {
  std::string_view name;
  std::string_view unit;
  std::string_view long_name;
};

/// One event function g(t, y): the event happens where g passes through zero.
struct EventInfo {
  std::string_view name;
  int direction = 0;     ///< +1: g rises through zero, -1: it falls, 0: either
  bool terminal = false; ///< ends the run at the root
};

template <class M> using ParametersOf = typename M::template Parameters<double>;
template <class M> using ControlsOf = typename M::template Controls<double>;
template <class M> using StateOf = std::array<double, M::state_count>;

template <class M>
concept Model = (M::state_count > 0) && requires(double t, const double* y, double* out,
                                                 const ParametersOf<M>& parameters, const ControlsOf<M>& controls) {
  { M::states() } -> std::convertible_to<std::span<const StateInfo>>;
  { M::signals() } -> std::convertible_to<std::span<const SignalInfo>>;
  M::template rhs<double>(t, y, out, parameters, controls);
  M::template evaluate_signals<double>(t, y, parameters, controls, out);
};

namespace detail {
struct AllSignals {
  friend AllSignals operator|(AllSignals, AllSignals) { return {}; }
};
template <class M> struct SignalParts {
  using Type = AllSignals;
};
template <class M>
  requires requires { typename M::SignalParts; }
struct SignalParts<M> {
  using Type = typename M::SignalParts;
};
} // namespace detail

/// Which signals are wanted; empty for a model that gives them all.
template <class M> using SignalPartsOf = typename detail::SignalParts<M>::Type;

template <class M>
concept ModelWithEvents = Model<M> &&
    requires(double t, const double* y, double* out, const ParametersOf<M>& parameters, const ControlsOf<M>& controls) {
  { M::events() } -> std::convertible_to<std::span<const EventInfo>>;
  M::template evaluate_events<double>(t, y, parameters, controls, out);
};

} // namespace limbflow::core
