// Toy models in lanes, for each instruction set.
#pragma once

#include "core/instruction_set.hpp"
#include "core/lane_pool.hpp"
#include "tests/core/toy_models.hpp"

#include <memory>
#include <string>
#include <vector>

namespace limbflow::core::toys {

enum class LaneMethod { dormand_prince_5, dop_853, rodas_5p };

/// What one instruction set's object file gives.
struct LaneToys {
  std::size_t lanes;
  std::unique_ptr<LanePool<VanDerPol>> (*van_der_pol)(LaneMethod);
  std::unique_ptr<LanePool<Oscillator>> (*oscillator)(LaneMethod);
  std::unique_ptr<LanePool<EmptyingTank>> (*emptying_tank)(LaneMethod);
  std::unique_ptr<LanePool<Windkessel>> (*windkessel)(LaneMethod);
  /// By Rodas5P.
  std::unique_ptr<LanePool<Robertson>> (*robertson)();
  std::unique_ptr<LanePool<StiffCosine>> (*stiff_cosine)();
  std::unique_ptr<LanePool<VanishingPivot>> (*vanishing_pivot)();
  /// An elementary function of every value: "exp", "log", "tanh", "sqrt", "sin", "cos", "floor", or "pow" to the 2.2.
  std::vector<double> (*apply)(const std::string& function, const std::vector<double>& values);
};

const LaneToys& lane_toys(InstructionSet set);

} // namespace limbflow::core::toys
