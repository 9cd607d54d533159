#include "benchmarks/odeint_peers.hpp"

#include "benchmarks/limb_jacobian.hpp"
#include "benchmarks/rosenbrock4.hpp"

#include <boost/numeric/odeint/integrate/integrate_adaptive.hpp>
#include <boost/numeric/odeint/stepper/generation.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_dopri5.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_fehlberg78.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <type_traits>

namespace limbflow::benchmarks {

namespace {

namespace odeint = boost::numeric::odeint;

constexpr double first_step = 0.01; // s

// Odeint has one absolute tolerance for all states, so it gets them in their own scales.
template <class M>
State scaled(const State& y) {
  State of_scale;
  for (std::size_t i = 0; i < M::state_count; ++i)
    of_scale[i] = y[i] / M::states()[i].scale;
  return of_scale;
}

template <class M>
struct Scales {
  std::array<double, M::state_count> scale, per_scale;
  Scales() {
    for (std::size_t i = 0; i < M::state_count; ++i) {
      scale[i] = M::states()[i].scale;
      per_scale[i] = 1.0 / scale[i];
    }
  }
};

template <class M, class Stepper>
Attempt by_explicit(const Session& session, double tolerance) {
  Attempt attempt;
  const Scales<M> scales;
  State y = scaled<M>(session.start);
  const double begin = processor_seconds();
  for (const auto& segment : session.timeline.segments()) {
    const auto system = [&](const State& x, State& rates, double t) {
      State unscaled;
      for (std::size_t i = 0; i < M::state_count; ++i)
        unscaled[i] = x[i] * scales.scale[i];
      M::template rhs<double>(t, unscaled.data(), rates.data(), session.parameters, segment.controls);
      for (std::size_t i = 0; i < M::state_count; ++i)
        rates[i] *= scales.per_scale[i];
      ++attempt.evaluations;
    };
    const double longest = std::isfinite(session.longest_step) ? session.longest_step : segment.duration();
    auto stepper = odeint::make_controlled(tolerance, tolerance, longest, Stepper());
    odeint::integrate_adaptive(stepper, system, y, segment.begin, segment.end, std::min({first_step, longest, segment.duration()}));
    State end;
    for (std::size_t i = 0; i < M::state_count; ++i)
      end[i] = y[i] * scales.scale[i];
    attempt.ends.push_back(end);
  }
  attempt.seconds = processor_seconds() - begin;
  return attempt;
}

// Time is a state of its own: Odeint's rosenbrock4 has the wrong sign of a coefficient (d4) that only the derivative to time sees.
template <class M>
Attempt by_rosenbrock4(const Session& session, double tolerance) {
  constexpr std::size_t time = M::state_count;
  constexpr std::size_t size = M::state_count + 1;
  Attempt attempt;
  const Scales<M> scales;
  const auto parameters = dual_parameters(session);
  const double begin = processor_seconds();
  std::array<double, size> x{};
  const State start = scaled<M>(session.start);
  std::copy(start.begin(), start.end(), x.begin());
  const auto unscaled = [&](const double* from) {
    State y;
    for (std::size_t i = 0; i < M::state_count; ++i)
      y[i] = from[i] * scales.scale[i];
    return y;
  };
  for (const auto& segment : session.timeline.segments()) {
    const auto controls = converted<LimbDual, models::LimbControls>(segment.controls);
    AutonomousSystem system{size, {}, {}};
    system.rates = [&](const double* at, double* rates) {
      M::template rhs<double>(at[time], unscaled(at).data(), rates, session.parameters, segment.controls);
      for (std::size_t i = 0; i < M::state_count; ++i)
        rates[i] *= scales.per_scale[i];
      rates[time] = 1.0;
      ++attempt.evaluations;
    };
    system.jacobian = [&](const double* at, double* slopes) {
      const auto rates = differentiated<M>(at[time], unscaled(at).data(), parameters, controls);
      for (std::size_t i = 0; i < M::state_count; ++i) {
        for (std::size_t j = 0; j < M::state_count; ++j)
          slopes[i * size + j] = rates[i].partials[j] * scales.scale[j] * scales.per_scale[i];
        slopes[i * size + time] = rates[i].partials[time] * scales.per_scale[i];
      }
      std::fill_n(slopes + time * size, size, 0.0);
    };
    x[time] = segment.begin;
    integrate_by_rosenbrock4(system, x.data(), segment.duration(), tolerance, first_step);
    attempt.ends.push_back(unscaled(x.data()));
  }
  attempt.seconds = processor_seconds() - begin;
  return attempt;
}

/// A run that throws gave up.
template <class Run>
auto giving_up(Run run) {
  return [run](const Session& session, double tolerance) {
    try {
      return run(session, tolerance);
    } catch (const std::exception&) {
      return Attempt{};
    }
  };
}

template <class M>
Methods methods() {
  Methods all{{"Odeint dopri5", giving_up(by_explicit<M, odeint::runge_kutta_dopri5<State>>)},
              {"Odeint fehlberg78", giving_up(by_explicit<M, odeint::runge_kutta_fehlberg78<State>>)}};
  if constexpr (std::is_same_v<M, models::AveragedLimb>) // its controller cannot be kept from stepping over a pulse
    all.emplace_back("Odeint rosenbrock4", giving_up(by_rosenbrock4<M>));
  return all;
}

} // namespace

Methods odeint_methods(models::Fidelity fidelity) {
  return fidelity == models::Fidelity::pulsatile ? methods<models::PulsatileLimb>() : methods<models::AveragedLimb>();
}

} // namespace limbflow::benchmarks
