#pragma once
/// Small models with known answers, for testing the engine without any physiology.

#include "core/model.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <span>

namespace limbflow::core::toys {

struct NoParameters {};

/// dy/dt = -rate y + source: y(t) = source/rate + (y0 - source/rate) exp(-rate t).
struct Decay {
  template <class T> struct ParameterSet {
    T rate;
    template <class U> ParameterSet<U> cast() const { return {U(rate)}; }
  };
  template <class T> struct ControlSet {
    T source{};
    template <class U> ControlSet<U> cast() const { return {U(source)}; }
  };
  template <class T> using Parameters = ParameterSet<T>;
  template <class T> using Controls = ControlSet<T>;
  static constexpr std::size_t state_count = 1;

  static std::span<const StateInfo> states() {
    static constexpr std::array<StateInfo, 1> list{{{"amount", "mL", 1.0}}};
    return list;
  }
  static std::span<const SignalInfo> signals() {
    static constexpr std::array<SignalInfo, 2> list{
        {{"amount", "mL", "amount left"}, {"source", "mL/s", "source in force"}}};
    return list;
  }
  template <class T> static void rhs(const T&, const T* y, T* dydt, const Parameters<T>& p, const Controls<T>& c) {
    dydt[0] = c.source - p.rate * y[0];
  }
  template <class T>
  static void evaluate_signals(const T&, const T* y, const Parameters<T>&, const Controls<T>& c, T* out) {
    out[0] = y[0];
    out[1] = c.source;
  }
};

/// Two-element Windkessel with a pulsatile inflow: C dP/dt = q (1 + sin(w t)) - P / R.
/// With tau = R C and P(0) = P0:
///   P(t) = q R (1 + (sin(w t) - w tau cos(w t)) / (1 + (w tau)^2)) + k exp(-t / tau), k such that P(0) = P0.
struct Windkessel {
  template <class T> struct ParameterSet {
    T resistance, compliance, angular_frequency;
    template <class U> ParameterSet<U> cast() const { return {U(resistance), U(compliance), U(angular_frequency)}; }
  };
  template <class T> struct ControlSet {
    T inflow;
    template <class U> ControlSet<U> cast() const { return {U(inflow)}; }
  };
  template <class T> using Parameters = ParameterSet<T>;
  template <class T> using Controls = ControlSet<T>;
  static constexpr std::size_t state_count = 1;

  static std::span<const StateInfo> states() {
    static constexpr std::array<StateInfo, 1> list{{{"pressure", "mmHg", 100.0, 0.0}}};
    return list;
  }
  static std::span<const SignalInfo> signals() {
    static constexpr std::array<SignalInfo, 3> list{
        {{"pressure", "mmHg", "pressure"}, {"inflow", "mL/s", "inflow"}, {"outflow", "mL/s", "outflow"}}};
    return list;
  }
  template <class T> static T inflow_at(const T& t, const Parameters<T>& p, const Controls<T>& c) {
    using std::sin;
    return c.inflow * (1.0 + sin(p.angular_frequency * t));
  }
  template <class T> static void rhs(const T& t, const T* y, T* dydt, const Parameters<T>& p, const Controls<T>& c) {
    dydt[0] = (inflow_at(t, p, c) - y[0] / p.resistance) / p.compliance;
  }
  template <class T>
  static void evaluate_signals(const T& t, const T* y, const Parameters<T>& p, const Controls<T>& c, T* out) {
    out[0] = y[0];
    out[1] = inflow_at(t, p, c);
    out[2] = y[0] / p.resistance;
  }

  static double exact(double t, double initial, const Parameters<double>& p, const Controls<double>& c) {
    const double tau = p.resistance * p.compliance, wt = p.angular_frequency * tau;
    const auto forced = [&](double time) {
      const double phase = p.angular_frequency * time;
      return c.inflow * p.resistance * (1.0 + (std::sin(phase) - wt * std::cos(phase)) / (1.0 + wt * wt));
    };
    return forced(t) + (initial - forced(0.0)) * std::exp(-t / tau);
  }
};

/// x'' - mu (1 - x^2) x' + x = 0.
struct VanDerPol {
  template <class T> struct ParameterSet {
    T mu;
    template <class U> ParameterSet<U> cast() const { return {U(mu)}; }
  };
  template <class> using Controls = NoParameters;
  template <class T> using Parameters = ParameterSet<T>;
  static constexpr std::size_t state_count = 2;

  static std::span<const StateInfo> states() {
    static constexpr std::array<StateInfo, 2> list{{{"position", "", 1.0}, {"velocity", "1/s", 1.0}}};
    return list;
  }
  static std::span<const SignalInfo> signals() {
    static constexpr std::array<SignalInfo, 2> list{{{"position", "", "position"}, {"velocity", "1/s", "velocity"}}};
    return list;
  }
  template <class T> static void rhs(const T&, const T* y, T* dydt, const Parameters<T>& p, const Controls<T>&) {
    dydt[0] = y[1];
    dydt[1] = p.mu * (1.0 - y[0] * y[0]) * y[1] - y[0];
  }
  template <class T>
  static void evaluate_signals(const T&, const T* y, const Parameters<T>&, const Controls<T>&, T* out) {
    out[0] = y[0];
    out[1] = y[1];
  }
};

/// A quiet system that adds up what it is given: d(total)/dt = rate of the segment.
struct Accumulator {
  template <class T> struct ControlSet {
    T rate{};
    template <class U> ControlSet<U> cast() const { return {U(rate)}; }
  };
  template <class> using Parameters = NoParameters;
  template <class T> using Controls = ControlSet<T>;
  static constexpr std::size_t state_count = 1;

  static std::span<const StateInfo> states() {
    static constexpr std::array<StateInfo, 1> list{{{"total", "mL", 1.0}}};
    return list;
  }
  static std::span<const SignalInfo> signals() {
    static constexpr std::array<SignalInfo, 2> list{
        {{"total", "mL", "total so far"}, {"rate", "mL/s", "rate in force"}}};
    return list;
  }
  template <class T> static void rhs(const T&, const T*, T* dydt, const Parameters<T>&, const Controls<T>& c) {
    dydt[0] = c.rate;
  }
  template <class T>
  static void evaluate_signals(const T&, const T* y, const Parameters<T>&, const Controls<T>& c, T* out) {
    out[0] = y[0];
    out[1] = c.rate;
  }
};

/// Slow and fast together (Prothero and Robinson's problem): dy/dt = -stiffness (y - cos t) - sin t, y(0) = 1 gives y =
/// cos t.
struct StiffCosine {
  template <class T> struct ParameterSet {
    T stiffness;
    template <class U> ParameterSet<U> cast() const { return {U(stiffness)}; }
  };
  template <class T> using Parameters = ParameterSet<T>;
  template <class> using Controls = NoParameters;
  static constexpr std::size_t state_count = 1;

  static std::span<const StateInfo> states() {
    static constexpr std::array<StateInfo, 1> list{{{"value", "", 1.0}}};
    return list;
  }
  static std::span<const SignalInfo> signals() { return {}; }
  template <class T> static void rhs(const T& t, const T* y, T* dydt, const Parameters<T>& p, const Controls<T>&) {
    using std::cos, std::sin;
    dydt[0] = -p.stiffness * (y[0] - cos(t)) - sin(t);
  }
  template <class T> static void evaluate_signals(const T&, const T*, const Parameters<T>&, const Controls<T>&, T*) {}
};

/// Robertson's reactions, with rates from 0.04 to 3e7: the sum of the three stays 1.
struct Robertson {
  template <class> using Parameters = NoParameters;
  template <class> using Controls = NoParameters;
  static constexpr std::size_t state_count = 3;

  static std::span<const StateInfo> states() {
    static constexpr std::array<StateInfo, 3> list{{{"a", "", 1.0}, {"b", "", 1e-4}, {"c", "", 1.0}}};
    return list;
  }
  static std::span<const SignalInfo> signals() { return {}; }
  template <class T> static void rhs(const T&, const T* y, T* dydt, const Parameters<T>&, const Controls<T>&) {
    const T first = 0.04 * y[0], second = 3e7 * y[1] * y[1], third = 1e4 * y[1] * y[2];
    dydt[0] = third - first;
    dydt[1] = first - third - second;
    dydt[2] = second;
  }
  template <class T> static void evaluate_signals(const T&, const T*, const Parameters<T>&, const Controls<T>&, T*) {}
};

/// x' = x - 2.5 y, y' = 2.5 x - 3 y: stable, though x alone is not. Elimination without pivoting begins with s - 1, where s is one over a
/// part of the step: for one length of step that is nothing.
struct VanishingPivot {
  template <class> using Parameters = NoParameters;
  template <class> using Controls = NoParameters;
  static constexpr std::size_t state_count = 2;

  static std::span<const StateInfo> states() {
    static constexpr std::array<StateInfo, 2> list{{{"x", "", 1.0}, {"y", "", 1.0}}};
    return list;
  }
  static std::span<const SignalInfo> signals() { return {}; }
  template <class T> static void rhs(const T&, const T* y, T* dydt, const Parameters<T>&, const Controls<T>&) {
    dydt[0] = y[0] - 2.5 * y[1];
    dydt[1] = 2.5 * y[0] - 3.0 * y[1];
  }
  template <class T> static void evaluate_signals(const T&, const T*, const Parameters<T>&, const Controls<T>&, T*) {}
};

/// A tank that drains at a constant rate and whose outflow speed is the square root of its level: once empty, NaN.
/// The other states are well behaved until the NaN spreads to them.
struct EmptyingTank {
  template <class> using Parameters = NoParameters;
  template <class> using Controls = NoParameters;
  static constexpr std::size_t state_count = 3;

  static std::span<const StateInfo> states() {
    static constexpr std::array<StateInfo, 3> list{
        {{"clock", "s", 1.0}, {"level", "cm", 1.0}, {"volume_out", "mL", 1.0}}};
    return list;
  }
  static std::span<const SignalInfo> signals() {
    static constexpr std::array<SignalInfo, 1> list{{{"level", "cm", "level"}}};
    return list;
  }
  template <class T> static void rhs(const T&, const T* y, T* dydt, const Parameters<T>&, const Controls<T>&) {
    using std::sqrt;
    dydt[0] = T(1.0);
    dydt[1] = -1.0 - 0.0 * sqrt(y[1]);
    dydt[2] = y[0];
  }
  template <class T>
  static void evaluate_signals(const T&, const T* y, const Parameters<T>&, const Controls<T>&, T* out) {
    out[0] = y[1];
  }
};

/// x'' = -x from x = 0, x' = 1: x = sin t. Events where x, x' and x - level pass through zero.
struct Oscillator {
  template <class T> struct ControlSet {
    T level{0.5};
    template <class U> ControlSet<U> cast() const { return {U(level)}; }
  };
  template <class> using Parameters = NoParameters;
  template <class T> using Controls = ControlSet<T>;
  static constexpr std::size_t state_count = 2;

  static std::span<const StateInfo> states() {
    static constexpr std::array<StateInfo, 2> list{{{"x", "", 1.0}, {"v", "", 1.0}}};
    return list;
  }
  static std::span<const SignalInfo> signals() {
    static constexpr std::array<SignalInfo, 1> list{{{"x", "", "position"}}};
    return list;
  }
  static std::span<const EventInfo> events() {
    static constexpr std::array<EventInfo, 4> list{{{"zero_rising", +1, false},
                                                    {"zero_falling", -1, false},
                                                    {"peak_or_trough", 0, false},
                                                    {"level_falling", -1, true}}};
    return list;
  }
  template <class T> static void rhs(const T&, const T* y, T* dydt, const Parameters<T>&, const Controls<T>&) {
    dydt[0] = y[1];
    dydt[1] = -y[0];
  }
  template <class T>
  static void evaluate_signals(const T&, const T* y, const Parameters<T>&, const Controls<T>&, T* out) {
    out[0] = y[0];
  }
  template <class T>
  static void evaluate_events(const T&, const T* y, const Parameters<T>&, const Controls<T>& c, T* out) {
    out[0] = y[0];
    out[1] = y[0];
    out[2] = y[1];
    out[3] = y[0] - c.level;
  }
};

static_assert(Model<Decay> && Model<Windkessel> && Model<VanDerPol> && Model<Accumulator> && Model<StiffCosine> &&
              Model<EmptyingTank> && Model<Robertson> && Model<VanishingPivot> && ModelWithEvents<Oscillator> && !ModelWithEvents<Decay>);

} // namespace limbflow::core::toys
