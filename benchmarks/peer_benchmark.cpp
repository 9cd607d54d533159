// The session by integrators of others, through the limb's own right-hand side. Commands: serve(), and
//
//   peak        GFlop/s of one core in fused multiply-adds of doubles
//
// Compiled for this very machine, unlike limbflow's baseline code: peers get their best.

#include "benchmarks/cvode_peers.hpp"
#include "benchmarks/method.hpp"
#include "benchmarks/odeint_peers.hpp"
#include "benchmarks/peak.hpp"

#include <string>

int main(int count, char** arguments) {
  using namespace limbflow::benchmarks;
  namespace models = limbflow::models;
  const Commands more{{"peak", [](const auto&) { return std::to_string(peak()); }}};
  return serve({arguments + 1, arguments + count},
               [](models::Fidelity fidelity) {
                 Methods methods = odeint_methods(fidelity);
                 for (auto& method : cvode_methods(fidelity))
                   methods.push_back(std::move(method));
                 return methods;
               },
               more);
}
