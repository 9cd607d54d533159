// SUNDIALS CVODE.
#pragma once

#include "benchmarks/method.hpp"

namespace limbflow::benchmarks {

/// BDF with a dense exact Jacobian by dual numbers, and Adams by fixed points; absolute tolerances by each state's scale.
Methods cvode_methods(models::Fidelity fidelity);

} // namespace limbflow::benchmarks
