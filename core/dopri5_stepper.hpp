#pragma once
/// Dormand-Prince 5(4), stepped by Boost.Odeint's controlled_runge_kutta, with its fourth-order dense output.
///
/// Odeint's dense_output_runge_kutta hides its step size and its rejected attempts and throws after 500 of them, so the
/// integration loop drives the controlled stepper itself and asks the same Odeint stepper for the interpolant.
///
/// The interface is what core/integrate.hpp asks of any stepper: start, start_step, try_step, interpolate, and the
/// accessors below. Times are local to the segment; the model sees origin + local time, so a long run loses no digits
/// of its steps.

#include "core/error_checker.hpp"
#include "core/model.hpp"

#include <boost/config.hpp>
#include <boost/numeric/odeint/algebra/array_algebra.hpp>
#include <boost/numeric/odeint/stepper/controlled_runge_kutta.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_dopri5.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace limbflow::core {

template <Model M> class Dopri5Stepper {
public:
  using State = StateOf<M>;
  static constexpr std::size_t size = M::state_count;

  /// The tolerances and parameters must outlive the stepper.
  Dopri5Stepper(const Tolerances<size>& error_tolerances, const ParametersOf<M>& model_parameters)
      : tolerances(&error_tolerances), parameters(&model_parameters), controlled(make_controlled()) {}
  Dopri5Stepper(const Dopri5Stepper&) = delete;
  Dopri5Stepper& operator=(const Dopri5Stepper&) = delete;

  /// Begins afresh at local time 0 = absolute time `origin` (s), from state y, under new controls (which must outlive
  /// the segment). Forgets everything about earlier steps. derivative() then holds dy/dt, finite or not.
  void start(double origin, const State& y, const ControlsOf<M>& segment_controls) {
    controls = &segment_controls;
    time_origin = origin;
    local_time = 0.0;
    current_state = y;
    controlled = make_controlled();
    right_hand_side(current_state, current_derivative, 0.0);
  }

  /// A first step from the size of the first two derivatives (Hairer, Norsett & Wanner I, section II.4), s. One
  /// evaluation.
  double start_step() {
    const auto norm = [&](const State& v) {
      double largest = 0.0;
      for (std::size_t i = 0; i < size; ++i)
        largest = std::max(largest, std::abs(v[i]) / tolerances->weight(i, std::abs(current_state[i])));
      return largest;
    };
    const double d0 = norm(current_state), d1 = norm(current_derivative);
    const double trial = d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : 0.01 * d0 / d1;
    State euler, difference;
    for (std::size_t i = 0; i < size; ++i)
      euler[i] = current_state[i] + trial * current_derivative[i];
    right_hand_side(euler, difference, trial);
    for (std::size_t i = 0; i < size; ++i)
      difference[i] -= current_derivative[i];
    const double d2 = norm(difference) / trial;
    if (!std::isfinite(d2))
      return trial;
    const double steepest = std::max(d1, d2);
    const double from_error = steepest <= 1e-15 ? std::max(1e-6, 1e-3 * trial) : std::pow(0.01 / steepest, 1.0 / 6.0);
    return std::min(100.0 * trial, from_error);
  }

  /// Tries one step of length `step` (s). On success the state advances; either way `step` becomes the length advised
  /// next.
  bool try_step(double& step) {
    const double length = step;
    State derivative_after;
    double time = local_time;
    const auto system = [this](const State& y, State& dydt, double local) { right_hand_side(y, dydt, local); };
    if (controlled.try_step(system, current_state, current_derivative, time, attempt.proposed, derivative_after,
                            step) != boost::numeric::odeint::success)
      return false;
    previous_state = current_state;
    previous_derivative = current_derivative;
    current_state = attempt.proposed;
    current_derivative = derivative_after;
    previous_time = local_time;
    local_time = time;
    last_length = length;
    return true;
  }

  /// State at a fraction in [0, 1] of the last accepted step; the step's own end states at 0 and 1. Valid until the
  /// next attempt.
  void interpolate(double fraction, State& out) const {
    if (fraction <= 0.0)
      out = previous_state;
    else if (fraction >= 1.0)
      out = current_state;
    else
      controlled.stepper().calc_state(fraction * last_length, out, previous_state, previous_derivative, 0.0,
                                      current_state, current_derivative, last_length);
  }

  /// States whose derivative is not finite a small step ahead of the current state: where a NaN was born, before it
  /// spread.
  std::array<bool, size> non_finite_origin(double step) {
    State probe, derivative_ahead;
    for (std::size_t i = 0; i < size; ++i)
      probe[i] = current_state[i] + step * current_derivative[i];
    right_hand_side(probe, derivative_ahead, local_time + step);
    std::array<bool, size> origin;
    for (std::size_t i = 0; i < size; ++i)
      origin[i] = !std::isfinite(derivative_ahead[i]);
    return origin;
  }

  const State& state() const { return current_state; }
  const State& derivative() const { return current_derivative; }
  double time() const { return local_time; }           ///< local, s
  double time_before() const { return previous_time; } ///< local, s: where the last accepted step began
  double length() const { return last_length; }        ///< s, of the last accepted step
  const StepError<size>& last_attempt() const { return attempt; }
  std::size_t evaluations() const { return evaluation_count; }

private:
  using Odeint =
      boost::numeric::odeint::runge_kutta_dopri5<State, double, State, double, boost::numeric::odeint::array_algebra>;
  using Controlled = boost::numeric::odeint::controlled_runge_kutta<Odeint, ErrorChecker<size>, StepAdjuster>;

  Controlled make_controlled() { return Controlled(ErrorChecker<size>(*tolerances, attempt), StepAdjuster()); }

  /// Kept out of line: Odeint would inline the model seven times into one step.
  BOOST_NOINLINE void right_hand_side(const State& y, State& dydt, double local) {
    ++evaluation_count;
    M::template rhs<double>(time_origin + local, y.data(), dydt.data(), *parameters, *controls);
  }

  const Tolerances<size>* tolerances;
  const ParametersOf<M>* parameters;
  const ControlsOf<M>* controls = nullptr;
  StepError<size> attempt{};
  Controlled controlled;
  State current_state{}, current_derivative{}, previous_state{}, previous_derivative{};
  double time_origin = 0.0, local_time = 0.0, previous_time = 0.0, last_length = 0.0;
  std::size_t evaluation_count = 0;
};

} // namespace limbflow::core
