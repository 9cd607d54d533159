// The words of a scenario file for each choice.
#pragma once

#include "models/scenario.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace limbflow::models {

template <class E, std::size_t N> using Names = std::array<std::pair<std::string_view, E>, N>;
inline constexpr Names<Sex, 2> sexes{{{"man", Sex::man}, {"woman", Sex::woman}}};
inline constexpr Names<LimbKind, 2> limbs{{{"arm", LimbKind::arm}, {"leg", LimbKind::leg}}};
inline constexpr Names<Posture, 3> postures{
    {{"supine", Posture::supine}, {"seated", Posture::seated}, {"standing", Posture::standing}}};
inline constexpr Names<CuffKind, 2> kinds_of_cuff{{{"cuff", CuffKind::cuff}, {"strap", CuffKind::strap}}};
inline constexpr Names<CuffMaterial, 2> cuff_materials{{{"nylon", CuffMaterial::nylon}, {"elastic", CuffMaterial::elastic}}};
inline constexpr Names<CuffMaterial, 3> strap_materials{
    {{"stiff", CuffMaterial::stiff}, {"medium", CuffMaterial::medium}, {"soft", CuffMaterial::soft}}};
inline constexpr Names<CuffDevice, 2> devices{
    {{"regulated", CuffDevice::regulated}, {"unregulated", CuffDevice::unregulated}}};
inline constexpr Names<CuffDuring, 5> durings{{{"all", CuffDuring::all},
                                        {"sets", CuffDuring::sets},
                                        {"rests", CuffDuring::rests},
                                        {"never", CuffDuring::never},
                                        {"profile", CuffDuring::profile}}};
inline constexpr Names<Fidelity, 2> fidelities{{{"averaged", Fidelity::averaged}, {"pulsatile", Fidelity::pulsatile}}};
inline constexpr Names<Stepper, 4> steppers{{{"automatic", Stepper::automatic},
                                               {"dopri5", Stepper::dopri5},
                                               {"dop853", Stepper::dop853},
                                               {"rodas5p", Stepper::rodas5p}}};
inline constexpr Names<std::string_view, 5> measurement_kinds{{{"capillary_refill", "capillary_refill"},
                                                        {"plethysmography", "plethysmography"},
                                                        {"mvc", "mvc"},
                                                        {"pulse", "pulse"},
                                                        {"aop", "aop"}}};
inline constexpr Names<SetEnd, 2> set_ends{{{"reps", SetEnd::repetitions}, {"failure", SetEnd::failure}}};
inline constexpr Names<MuscleGroup, 3> muscle_groups{{{"elbow flexors", MuscleGroup::elbow_flexors},
                                               {"knee extensors", MuscleGroup::knee_extensors},
                                               {"plantar flexors", MuscleGroup::plantar_flexors}}};

template <class E, std::size_t N> std::string_view name_in(const Names<E, N>& names, E value) {
  return std::ranges::find(names, value, &std::pair<std::string_view, E>::second)->first;
}

} // namespace limbflow::models
