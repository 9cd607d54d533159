#pragma once
/// The two parts that Boost.Odeint's controlled_runge_kutta lets a user bring: the error checker and the step adjuster.
///
/// Odeint's own checker has one absolute tolerance for all states, and its comparison accepts a step whose error is NaN
/// (boost/numeric/odeint/stepper/controlled_runge_kutta.hpp). Ours weighs each state by its own scale and turns
/// anything that is not finite into an infinite error, which rejects the step.
///
///   weight_i = absolute_i + relative * max(|y_i before|, |y_i after|),   error = max_i |estimate_i| / weight_i,
///   accepted if <= 1
///
/// The maximum, not the root mean square: no state's error hides behind many quiet ones.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace limbflow::core {

template <std::size_t N> struct Tolerances {
  std::array<double, N> absolute{}; ///< per state, in the state's unit
  double relative = 0.0;

  double weight(std::size_t i, double magnitude) const { return absolute[i] + relative * magnitude; }
};

/// What the last attempted step was like. Filled by ErrorChecker, which Odeint keeps by value and out of reach.
template <std::size_t N> struct StepError {
  std::array<double, N> proposed{}; ///< the state that the step leads to; Odeint writes it before it asks for the error
  std::array<double, N> weighted{}; ///< estimate over weight, per state; infinite where not finite
  double largest = 0.0;
};

template <std::size_t N> class ErrorChecker {
public:
  /// Both must outlive the checker.
  ErrorChecker(const Tolerances<N>& error_tolerances, StepError<N>& step_error)
      : tolerances(&error_tolerances), record(&step_error) {}

  /// Largest weighted error of the step from y, given Odeint's estimate per state; infinite if anything is not finite.
  template <class Algebra, class State, class Derivative, class Error>
  double error(Algebra&, const State& y, const Derivative&, const Error& estimate, double /*step*/) {
    double largest = 0.0;
    for (std::size_t i = 0; i < N; ++i) {
      const double after = record->proposed[i];
      const double weighted = std::abs(estimate[i]) / tolerances->weight(i, std::max(std::abs(y[i]), std::abs(after)));
      const bool finite = std::isfinite(weighted) && std::isfinite(after);
      record->weighted[i] = finite ? weighted : std::numeric_limits<double>::infinity();
      largest = std::max(largest, record->weighted[i]);
    }
    record->largest = largest;
    return largest;
  }

private:
  const Tolerances<N>* tolerances;
  StepError<N>* record;
};

/// Proportional-integral step control after Hairer, Norsett & Wanner, Solving Ordinary Differential Equations I, 2nd
/// ed., section IV.2 and the code DOPRI5 (beta 0.04, safety 0.9): smooth at the limit of stability, where a plain
/// controller rejects every third step. A step grows at most fivefold, shrinks at most to a fifth, and does not grow
/// right after a rejection.
class StepAdjuster {
public:
  /// order: of the method's error estimate, plus one.
  explicit StepAdjuster(int order = 5) : proportional(1.0 / order - 0.75 * integral) {}

  double decrease_step(double step, double error, int /*error_order*/) {
    rejected = true;
    return step * std::max(smallest_factor, safety * std::pow(error, -proportional));
  }

  double increase_step(double step, double error, int /*stepper_order*/) {
    const double bounded = std::max(error, 1e-10);
    double factor = safety * std::pow(bounded, -proportional) * std::pow(previous_error, integral);
    factor = std::clamp(factor, smallest_factor, rejected ? 1.0 : largest_factor);
    previous_error = std::max(error, 1e-4);
    rejected = false;
    return step * factor;
  }

  /// The integration loop never asks for more than the largest step, so there is nothing to refuse here.
  bool check_step_size_limit(double /*step*/) const { return true; }
  double get_max_dt() const { return std::numeric_limits<double>::infinity(); }

private:
  static constexpr double safety = 0.9;
  static constexpr double integral = 0.04;
  static constexpr double smallest_factor = 0.2;
  static constexpr double largest_factor = 5.0;

  double proportional;
  double previous_error = 1e-4;
  bool rejected = false;
};

} // namespace limbflow::core
