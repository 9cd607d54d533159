#include "benchmarks/rosenbrock4.hpp"

#include <boost/numeric/odeint.hpp>

#include <algorithm>
#include <utility>

namespace limbflow::benchmarks {

void integrate_by_rosenbrock4(const AutonomousSystem& system, double* state, double duration, double tolerance, double first_step) {
  namespace odeint = boost::numeric::odeint;
  using Vector = boost::numeric::ublas::vector<double>;
  using Matrix = boost::numeric::ublas::matrix<double>;
  Vector x(system.size);
  std::copy(state, state + system.size, x.begin());
  const auto rates = [&](const Vector& at, Vector& change, double) { system.rates(&at[0], &change[0]); };
  const auto jacobian = [&](const Vector& at, Matrix& slopes, double, Vector& to_time) {
    system.jacobian(&at[0], &slopes(0, 0));
    std::fill(to_time.begin(), to_time.end(), 0.0);
  };
  odeint::rosenbrock4_controller<odeint::rosenbrock4<double>> stepper(tolerance, tolerance);
  odeint::integrate_adaptive(stepper, std::make_pair(rates, jacobian), x, 0.0, duration, std::min(first_step, duration));
  std::copy(x.begin(), x.end(), state);
}

} // namespace limbflow::benchmarks
