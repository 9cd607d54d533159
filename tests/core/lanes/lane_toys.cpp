// Compiled once for each instruction set (core/lane_objects.cmake).
#include "tests/core/lanes/lane_toys.hpp"

#include "core/lane_integrator.hpp"

#include <map>

namespace {

using namespace limbflow::core;
using namespace limbflow::core::toys;

template <class M> std::unique_ptr<LanePool<M>> by(LaneMethod method) {
  if (method == LaneMethod::rodas_5p)
    return std::make_unique<LaneIntegrator<M, Rodas5P>>();
  if (method == LaneMethod::dop_853)
    return std::make_unique<LaneIntegrator<M, Dop853>>();
  return std::make_unique<LaneIntegrator<M, DormandPrince5>>();
}

template <class M> std::unique_ptr<LanePool<M>> implicitly() {
  return std::make_unique<LaneIntegrator<M, Rodas5P>>();
}

std::vector<double> apply(const std::string& function, const std::vector<double>& values) {
  const std::map<std::string, Lanes (*)(const Lanes&)> functions{
      {"exp", [](const Lanes& x) { return exp(x); }},   {"log", [](const Lanes& x) { return log(x); }},
      {"tanh", [](const Lanes& x) { return tanh(x); }}, {"sqrt", [](const Lanes& x) { return sqrt(x); }},
      {"sin", [](const Lanes& x) { return sin(x); }},   {"cos", [](const Lanes& x) { return cos(x); }},
      {"floor", [](const Lanes& x) { return floor(x); }}, {"pow", [](const Lanes& x) { return pow(x, Lanes(2.2)); }}};
  std::vector<double> results;
  for (std::size_t i = 0; i < values.size(); i += Lanes::count) {
    Lanes x(1.0);
    auto* lane = reinterpret_cast<double*>(&x);
    const std::size_t filled = std::min(Lanes::count, values.size() - i);
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(i), filled, lane);
    x = functions.at(function)(x);
    results.insert(results.end(), lane, lane + filled);
  }
  return results;
}

} // namespace

#define LIMBFLOW_JOIN(name, set) name##_##set
#define LIMBFLOW_SYMBOL(name, set) LIMBFLOW_JOIN(name, set)
extern "C" {
extern const LaneToys LIMBFLOW_SYMBOL(limbflow_lane_toys, LIMBFLOW_LANE_SET);
const LaneToys LIMBFLOW_SYMBOL(limbflow_lane_toys, LIMBFLOW_LANE_SET) = {
    Lanes::count,       by<VanDerPol>,           by<Oscillator>,          by<EmptyingTank>,
    by<Windkessel>, implicitly<Robertson>, implicitly<StiffCosine>, implicitly<VanishingPivot>,
    apply};
}
