// Plain Boost.Odeint.
#pragma once

#include "benchmarks/method.hpp"

namespace limbflow::benchmarks {

/// Dormand-Prince 5, Fehlberg 7(8), and rosenbrock4 with the exact Jacobian by dual numbers.
Methods odeint_methods(models::Fidelity fidelity);

} // namespace limbflow::benchmarks
