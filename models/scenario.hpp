#pragma once

#include "core/diagnostics.hpp"
#include "core/parameters.hpp"
#include "core/toml_document.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Who is measured, with which cuff, doing what: the input of the program, read from TOML files that a coach can read.
/// The keys are listed in scenarios/README.md; every dimensional value is a string with a unit.
namespace limbflow::models {

enum class Sex { man, woman };
enum class LimbKind { arm, leg };
enum class Posture { supine, seated, standing };
/// A cuff has a bladder that is filled; a strap is pulled.
enum class CuffKind { cuff, strap };
/// The last three are of straps: how much force they take to stretch.
enum class CuffMaterial { nylon, elastic, stiff, medium, soft };
enum class CuffDevice { regulated, unregulated };
enum class Fidelity { averaged, pulsatile };
/// How steps are taken (core/explicit_methods.hpp, core/rosenbrock_methods.hpp); rodas5p: in averaged stretches, beats by dopri5.
enum class Stepper { automatic, dopri5, dop853, rodas5p };

/// Size of one limb. All zero for a limb that the file does not describe and the scenario does not use.
struct LimbAnthropometry {
  double circumference_cm = 0;     ///< of the segment, where the cuff sits
  double length_cm = 0;            ///< of the segment that the cuff sits on (upper arm, thigh)
  double adipose_thickness_cm = 0; ///< of the layer under the skin there
  double distal_volume_mL = 0;     ///< tissue distal to the cuff
};

/// Pressures are of the upper arm, seated, at heart level.
struct Person {
  std::string name;
  Sex sex = Sex::man;
  double age_yr = 0;
  double height_cm = 0;
  double mass_kg = 0;
  double systolic_pressure = 0;  ///< mmHg
  double diastolic_pressure = 0; ///< mmHg
  double heart_rate = 0;         ///< 1/s
  LimbAnthropometry arm, leg;
};

/// How tight a strap is put on.
struct StrapPull {
  enum class By {
    tension,   ///< N
    stretch,   ///< of the strap, over its length
    overlap,   ///< beyond its loose fit, over the limb's circumference
    tightness, ///< as it feels, 0 to 10
  };
  By by = By::tightness;
  double value = 0;
};

struct Cuff {
  std::string name;
  CuffKind kind = CuffKind::cuff;
  LimbKind limb = LimbKind::leg;
  double width_cm = 0;
  CuffMaterial material = CuffMaterial::nylon;
  CuffDevice device = CuffDevice::regulated;
  std::optional<StrapPull> pull; ///< of a strap, instead of a pressure
  double inflation_time_s = 0; ///< from nothing to the pressure asked for
  double deflation_time_s = 0;
};

struct CuffPressure {
  double value = 0; ///< fraction of the arterial occlusion pressure if `relative`, else mmHg
  bool relative = false;
};

/// Pressure asked for from this time on. Times of a profile count from the end of the baseline.
struct CuffPoint {
  double time_s = 0;
  CuffPressure pressure;
};

/// `all`: on from the end of the baseline to the end of the last set and of the passive period. `profile`: as the
/// profile says.
enum class CuffDuring { never, all, sets, rests, profile };

/// The muscle group that works.
enum class MuscleGroup { elbow_flexors, knee_extensors, plantar_flexors };

/// Repetitions after which a set to failure is ended.
inline constexpr int most_repetitions_to_failure = 300;

/// When a set ends: after its repetitions, or earlier if the muscle fails; or only when it fails.
enum class SetEnd { repetitions, failure };

/// Sets of repetitions, or of isometric holds if `hold_s` > 0: then each repetition is a hold of `hold_s` followed by
/// `pause_s`.
struct Exercise {
  std::string name;
  MuscleGroup muscle = MuscleGroup::knee_extensors;
  SetEnd until = SetEnd::repetitions;
  double chest_pressure_mmHg = 0; ///< of a breath held in the concentric phase and in holds
  double load = 0; ///< fraction of 1RM, or of MVC if `load_of_mvc`
  bool load_of_mvc = false;
  std::vector<int> sets; ///< repetitions of each set
  double concentric_s = 0;
  double eccentric_s = 0;
  double pause_s = 0; ///< after each repetition
  double rest_s = 0;  ///< between sets
  double hold_s = 0;
  double rest_before_s = 0; ///< before the first set of this exercise
};

/// A virtual test during the run.
struct Measurement {
  std::string kind;  ///< "capillary_refill", "plethysmography", "mvc", "pulse" or "aop"
  double time_s = 0; ///< of the run, baseline included
};

/// One run. Order in time: baseline, passive period, exercises, recovery.
struct Scenario {
  std::string title;
  std::string text;               ///< canonical TOML that needs no other file and loads into the same scenario
  std::vector<std::string> files; ///< read for it, in order
  std::vector<core::Diagnostic> warnings;

  Person person;
  LimbKind limb = LimbKind::leg;
  bool has_cuff = false;
  Cuff cuff;
  CuffPressure pressure;
  CuffDuring during = CuffDuring::never;
  std::vector<CuffPoint> profile;
  std::optional<double> measured_aop_mmHg; ///< instead of the virtual measurement

  Posture posture = Posture::supine;
  double limb_raised_cm = 0; ///< limb above where the posture puts it
  std::vector<Exercise> exercises;
  double baseline_s = 0, passive_s = 0, recovery_s = 0;
  double external_pressure_mmHg = 0; ///< on the whole limb, cuff aside
  std::vector<Measurement> measurements;

  Fidelity fidelity = Fidelity::averaged;
  double relative_tolerance = 0;
  Stepper stepper = Stepper::automatic;
  double sample_interval_s = 0;
  core::ParameterTable parameters;

  std::shared_ptr<const core::TomlValue> document; ///< merged from all files; what `with` changes
};

std::string_view name_of(Sex sex);
std::string_view name_of(LimbKind limb);
std::string_view name_of(Posture posture);
std::string_view name_of(MuscleGroup muscle);
std::string_view name_of(CuffKind kind);
std::string_view name_of(CuffMaterial material);
std::string_view name_of(CuffDevice device);
std::string_view name_of(CuffDuring during);
std::string_view name_of(Fidelity fidelity);
std::string_view name_of(Stepper stepper);

/// Anthropometry of the limb that the scenario is about.
const LimbAnthropometry& limb_of(const Scenario& scenario);

/// Length of one exercise from its first repetition to its last, without `rest_before_s`; in s.
double duration_of(const Exercise& exercise);

/// Length of the whole run in s; sets "until failure" as long as their listed repetitions.
double duration_of(const Scenario& scenario);

/// Length that the run cannot exceed, in s: sets "until failure" go on for `most_repetitions_to_failure`.
double longest_duration_of(const Scenario& scenario);

/// Reads a scenario from a file, or a shipped one by name ("30-15-15-15", "protocols/30-15-15-15"), with all files that
/// it extends. Throws core::InputError with every problem of all of them.
Scenario load_scenario(const std::filesystem::path& path_or_name);

/// The same from text, for instance from `Scenario::text` in a result. `name` stands for the file in messages, and
/// `extends` is looked up beside it.
Scenario parse_scenario(const std::string& text, const std::string& name = "scenario");

/// A shipped or own person (and cuff) at rest for a minute with the cuff empty: what a virtual test such as the
/// occlusion pressure is made on. `cuff` may be empty if the overrides name the limb. Throws core::InputError.
Scenario resting_scenario(const std::string& person, const std::string& cuff,
                          const std::map<std::string, std::string>& overrides = {});

/// The scenario with some keys changed, checked again as a whole. A key is dotted ("cuff.pressure",
/// "person.leg.circumference", "parameters.NAME"), or the last part of a dotted key where that is unique ("load",
/// "rest"), or a dotted key written with underscores ("cuff_pressure"), or the bare name of a parameter.
/// "exercise.load" changes all exercises, "exercise.2.load" the second. "person" and "cuff" take the name of a file.
/// Throws core::InputError with every problem.
Scenario with(const Scenario& scenario, const std::map<std::string, std::string>& key_to_text);

/// The dotted key that `with` understands by `key`. Throws core::InputError with the nearest key if there is none.
std::string canonical_key(const Scenario& scenario, const std::string& key);

/// Every dotted key of a scenario file, in the order in which the canonical text has them.
std::vector<std::string_view> scenario_keys();

} // namespace limbflow::models
