#include "models/scenario.hpp"

#include "models/scenario_names.hpp"

#include <numeric>

namespace limbflow::models {

std::string_view name_of(Sex sex) { return name_in(sexes, sex); }
std::string_view name_of(LimbKind limb) { return name_in(limbs, limb); }
std::string_view name_of(Posture posture) { return name_in(postures, posture); }
std::string_view name_of(MuscleGroup muscle) { return name_in(muscle_groups, muscle); }
std::string_view name_of(CuffKind kind) { return name_in(kinds_of_cuff, kind); }
std::string_view name_of(CuffMaterial material) {
  const bool cuff = material == CuffMaterial::nylon || material == CuffMaterial::elastic;
  return cuff ? name_in(cuff_materials, material) : name_in(strap_materials, material);
}
std::string_view name_of(CuffDevice device) { return name_in(devices, device); }
std::string_view name_of(CuffDuring during) { return name_in(durings, during); }
std::string_view name_of(Fidelity fidelity) { return name_in(fidelities, fidelity); }
std::string_view name_of(Stepper stepper) { return name_in(steppers, stepper); }

const LimbAnthropometry& limb_of(const Scenario& scenario) {
  return scenario.limb == LimbKind::arm ? scenario.person.arm : scenario.person.leg;
}

namespace {

double duration_with(const Exercise& exercise, double repetitions) {
  const double repetition =
      (exercise.hold_s > 0 ? exercise.hold_s : exercise.concentric_s + exercise.eccentric_s) + exercise.pause_s;
  const double rests = exercise.sets.empty() ? 0 : static_cast<double>(exercise.sets.size() - 1);
  return repetitions * repetition + rests * exercise.rest_s;
}

double idle_time(const Scenario& scenario) {
  double total = scenario.baseline_s + scenario.passive_s + scenario.recovery_s;
  for (const Exercise& exercise : scenario.exercises)
    total += exercise.rest_before_s;
  return total;
}

} // namespace

double duration_of(const Exercise& exercise) {
  return duration_with(exercise, std::accumulate(exercise.sets.begin(), exercise.sets.end(), 0.0));
}

double duration_of(const Scenario& scenario) {
  double total = idle_time(scenario);
  for (const Exercise& exercise : scenario.exercises)
    total += duration_of(exercise);
  return total;
}

double longest_duration_of(const Scenario& scenario) {
  double total = idle_time(scenario);
  for (const Exercise& exercise : scenario.exercises)
    total += exercise.until == SetEnd::failure
                 ? duration_with(exercise, most_repetitions_to_failure * static_cast<double>(exercise.sets.size()))
                 : duration_of(exercise);
  return total;
}

} // namespace limbflow::models
