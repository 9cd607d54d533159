#include "models/scenario.hpp"

#include "core/sweep.hpp"
#include "models/strap.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <numeric>
#include <set>
#include <system_error>
#include <utility>

namespace limbflow::models {
namespace {

namespace fs = std::filesystem;

using core::Bounds;
using core::Diagnostic;
using core::Diagnostics;
using core::Dimension;
using core::InputError;
using core::join;
using core::nearest_key;
using core::QuantityKind;
using core::TableReader;
using core::TomlDocument;
using core::TomlValue;

// Every key of a scenario file, in the order of the canonical text.
constexpr auto keys = std::to_array<std::string_view>({
    "title",
    "description",
    "extends",
    "limb",
    "posture",
    "limb_raised",
    "person.name",
    "person.sex",
    "person.age",
    "person.height",
    "person.mass",
    "person.systolic_pressure",
    "person.diastolic_pressure",
    "person.heart_rate",
    "person.arm.circumference",
    "person.arm.length",
    "person.arm.adipose_thickness",
    "person.arm.distal_volume",
    "person.leg.circumference",
    "person.leg.length",
    "person.leg.adipose_thickness",
    "person.leg.distal_volume",
    "cuff.name",
    "cuff.kind",
    "cuff.limb",
    "cuff.width",
    "cuff.material",
    "cuff.device",
    "cuff.inflation_time",
    "cuff.deflation_time",
    "cuff.pressure",
    "cuff.during",
    "cuff.profile",
    "cuff.tension",
    "cuff.stretch",
    "cuff.overlap",
    "cuff.tightness",
    "cuff.occlusion_pressure",
    "exercise.name",
    "exercise.load",
    "exercise.sets",
    "exercise.muscle",
    "exercise.until",
    "exercise.chest_pressure",
    "exercise.tempo.concentric",
    "exercise.tempo.eccentric",
    "exercise.tempo.pause",
    "exercise.hold",
    "exercise.rest",
    "exercise.rest_before",
    "timing.baseline",
    "timing.passive",
    "timing.recovery",
    "environment.external_pressure",
    "measure",
    "simulation.fidelity",
    "simulation.tolerance",
    "simulation.sample_interval",
    "parameters",
});

// What a cuff file says of the cuff itself; the other keys of [cuff] say what a protocol does with it.
constexpr std::array<std::string_view, 6> cuff_itself{"name", "kind", "limb", "width", "material", "device"};

template <class E, std::size_t N> using Names = std::array<std::pair<std::string_view, E>, N>;
constexpr Names<Sex, 2> sexes{{{"man", Sex::man}, {"woman", Sex::woman}}};
constexpr Names<LimbKind, 2> limbs{{{"arm", LimbKind::arm}, {"leg", LimbKind::leg}}};
constexpr Names<Posture, 3> postures{
    {{"supine", Posture::supine}, {"seated", Posture::seated}, {"standing", Posture::standing}}};
constexpr Names<CuffKind, 2> kinds_of_cuff{{{"cuff", CuffKind::cuff}, {"strap", CuffKind::strap}}};
constexpr Names<CuffMaterial, 2> cuff_materials{{{"nylon", CuffMaterial::nylon}, {"elastic", CuffMaterial::elastic}}};
constexpr Names<CuffMaterial, 3> strap_materials{
    {{"stiff", CuffMaterial::stiff}, {"medium", CuffMaterial::medium}, {"soft", CuffMaterial::soft}}};
constexpr Names<CuffDevice, 2> devices{
    {{"regulated", CuffDevice::regulated}, {"unregulated", CuffDevice::unregulated}}};
constexpr Names<CuffDuring, 5> durings{{{"all", CuffDuring::all},
                                        {"sets", CuffDuring::sets},
                                        {"rests", CuffDuring::rests},
                                        {"never", CuffDuring::never},
                                        {"profile", CuffDuring::profile}}};
constexpr Names<Fidelity, 2> fidelities{{{"averaged", Fidelity::averaged}, {"pulsatile", Fidelity::pulsatile}}};
constexpr Names<std::string_view, 5> measurement_kinds{{{"capillary_refill", "capillary_refill"},
                                                        {"plethysmography", "plethysmography"},
                                                        {"mvc", "mvc"},
                                                        {"pulse", "pulse"},
                                                        {"aop", "aop"}}};
constexpr Names<SetEnd, 2> set_ends{{{"reps", SetEnd::repetitions}, {"failure", SetEnd::failure}}};
constexpr Names<MuscleGroup, 3> muscle_groups{{{"elbow flexors", MuscleGroup::elbow_flexors},
                                               {"knee extensors", MuscleGroup::knee_extensors},
                                               {"plantar flexors", MuscleGroup::plantar_flexors}}};

template <class E, std::size_t N> std::string_view name_in(const Names<E, N>& names, E value) {
  return std::ranges::find(names, value, &std::pair<std::string_view, E>::second)->first;
}

// Limits of what is simulated: wide enough for every study, narrow enough that no file makes a run without end.
constexpr Bounds phase_bounds{.low = 0, .high = 4, .unit = "h"};
constexpr Bounds cuff_pressure_bounds{.low = 0, .high = 500, .unit = "mmHg"};
constexpr Bounds relative_pressure_bounds{.low = 0, .high = 200, .unit = "%AOP"};
constexpr double longest_run_s = 12 * 3600;
constexpr double most_samples = 2e6;
constexpr std::size_t most_exercises = 50;
constexpr std::size_t most_sets = 100;
constexpr int most_repetitions_of_a_set = 1000;
constexpr std::int64_t most_repetitions = 10'000;
constexpr std::size_t most_points = 1000;
constexpr std::size_t most_files = 100;

// Without a statement of the file, a cuff fills in 3 s and empties in 1 s (estimated: hand-held and automatic BFR
// devices).
constexpr double usual_inflation_time_s = 3;
constexpr double usual_deflation_time_s = 1;

Diagnostic problem(std::string file, std::string rule, std::string key, std::string message) {
  Diagnostic d;
  d.rule = std::move(rule);
  d.file = std::move(file);
  d.key = std::move(key);
  d.message = std::move(message);
  return d;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(separator, begin);
    out.emplace_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos)
      return out;
    begin = end + 1;
  }
}

std::string trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? ""
                                         : std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

// ------------------------------------------------------------------ where the files are

std::mutex data_directory_mutex;
fs::path chosen_data_directory;

bool holds_data(const fs::path& directory) {
  std::error_code error;
  return fs::is_directory(directory / "scenarios", error);
}

/// The file itself, or the same with ".toml"; nothing if neither exists.
std::optional<fs::path> existing(const fs::path& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error))
    return path;
  fs::path with_ending = path;
  with_ending += ".toml";
  return fs::is_regular_file(with_ending, error) ? std::optional(with_ending) : std::nullopt;
}

/// A path as given, beside another file, or the name of something shipped: "wide_thigh" (looked up in `folders`),
/// "cuffs/wide_thigh".
std::optional<fs::path> find_input(const fs::path& name, const fs::path& beside,
                                   const std::vector<std::string>& folders) {
  if (name.empty())
    return std::nullopt;
  if (auto found = existing(beside / name))
    return found;
  if (name.is_absolute())
    return std::nullopt;
  const fs::path shipped_root = scenarios_directory();
  if (auto found = existing(shipped_root / name))
    return found;
  for (const std::string& folder : folders)
    if (auto found = existing(shipped_root / folder / name))
      return found;
  return std::nullopt;
}

Diagnostic not_found(const fs::path& name, const std::vector<std::string>& folders) {
  Diagnostic d =
      problem(name.string(), "no-such-file", "", "there is no such file, nor anything shipped under this name");
  std::error_code error;
  if (fs::is_directory(name, error)) {
    d.rule = "directory";
    d.message = "this is a directory, not a TOML file";
  } else if (fs::exists(name, error)) {
    d.rule = "unreadable";
    d.message = "this is not a regular file";
  }
  std::vector<std::string> names;
  for (const std::string& folder : folders)
    for (const std::string& item : shipped(folder))
      names.push_back(item);
  const std::string stem = name.extension() == ".toml" ? name.stem().string() : name.filename().string();
  const std::vector<std::string> sweeps = shipped("sweeps");
  if (std::ranges::find(names, stem) == names.end() && std::ranges::find(sweeps, stem) != sweeps.end())
    d.hint = "this is a sweep: limbflow sweep " + stem;
  d.nearest = nearest_key(stem, names).value_or("");
  d.accepted = "a TOML file, or " + join(names);
  return d;
}

const std::vector<std::string> protocol_folder{"protocols"};
const std::vector<std::string> people_folder{"people"};
const std::vector<std::string> cuffs_folder{"cuffs"};
const std::vector<std::string> sweeps_folder{"sweeps"};

// ------------------------------------------------------------------ files and what they extend

/// Merges a document with everything it extends.
class Gatherer {
public:
  explicit Gatherer(Diagnostics& diagnostics) : diagnostics_(&diagnostics) {}

  bool complete = true;
  std::vector<std::string> files;

  TomlValue gather(const fs::path& path) {
    files.push_back(path.string());
    return extended(TomlDocument::load(path, *diagnostics_), path);
  }

  TomlValue gather_text(const std::string& text, const fs::path& name) {
    return extended(TomlDocument::parse(text, name.string(), *diagnostics_), name);
  }

private:
  static fs::path identity(const fs::path& path) {
    std::error_code error;
    const fs::path canonical = fs::weakly_canonical(path, error);
    return error ? path : canonical;
  }

  TomlValue extended(TomlDocument document, const fs::path& path) {
    complete = complete && document.complete;
    stack_.push_back(identity(path));
    TableReader reader(document.root, "", *diagnostics_);
    TomlValue merged;
    merged.place = document.root.place;
    for (const std::string& base : reader.strings("extends")) {
      const auto found = find_input(base, path.parent_path(), {});
      if (!found) {
        complete = false;
        reader.add("extends", unknown_base(base));
      } else if (std::ranges::find(stack_, identity(*found)) != stack_.end()) {
        complete = false;
        reader.error("extends", "cycle", "'" + base + "' extends this file in turn", "", cycle(identity(*found)));
      } else if (files.size() >= most_files) {
        complete = false;
        reader.error("extends", "too-many-files", "too many files are read", "at most " + std::to_string(most_files));
      } else {
        merge(merged, gather(*found));
      }
    }
    document.root.erase("extends");
    merge(merged, document.root);
    stack_.pop_back();
    return merged;
  }

  static Diagnostic unknown_base(const std::string& base) {
    std::vector<std::string> names;
    for (const std::string folder : {"people", "cuffs", "protocols"})
      for (const std::string& item : shipped(folder))
        names.push_back(folder + "/" + item + ".toml");
    Diagnostic d = problem("", "no-such-file", "", "there is no file '" + base + "' beside this one, nor shipped");
    d.nearest = nearest_key(base, names).value_or("");
    return d;
  }

  std::string cycle(const fs::path& back) const {
    std::string out;
    for (auto it = std::ranges::find(stack_, back); it != stack_.end(); ++it)
      out += it->filename().string() + " -> ";
    return out + back.filename().string();
  }

  Diagnostics* diagnostics_;
  std::vector<fs::path> stack_;
};

// ------------------------------------------------------------------ from document to scenario

CuffPressure cuff_pressure(const std::optional<core::Quantity>& quantity) {
  return quantity ? CuffPressure{quantity->value, quantity->dimension == Dimension::fraction_of_occlusion}
                  : CuffPressure{};
}

std::optional<core::Quantity> read_pressure(TableReader& reader, bool needed) {
  constexpr std::array<QuantityKind, 2> kinds{
      {{Dimension::fraction_of_occlusion, relative_pressure_bounds}, {Dimension::pressure, cuff_pressure_bounds}}};
  return reader.quantity_of("pressure", kinds, needed);
}

double read_time(TableReader& reader, std::string_view key, const Bounds& bounds,
                 std::optional<double> fallback = std::nullopt) {
  return reader.quantity(key, Dimension::time, bounds, fallback);
}

class Interpreter {
public:
  Interpreter(TomlValue document, core::ParameterTable parameters, Diagnostics& diagnostics, bool complete)
      : document_(std::move(document)), diagnostics_(&diagnostics), complete_(complete) {
    scenario_.parameters = std::move(parameters);
  }

  /// The scenario, valid only if no error was reported.
  Scenario interpret() {
    TableReader root(document_, "", *diagnostics_, complete_);
    scenario_.title = root.string("title");
    root.string("description", "");
    scenario_.posture = root.choice("posture", postures, Posture::supine);
    scenario_.limb_raised_cm =
        root.quantity("limb_raised", Dimension::length, {.low = -50, .high = 120, .unit = "cm"}, 0);
    read_cuff(root);
    read_limb(root);
    read_person(root);
    read_exercises(root);
    read_timing(root);
    read_environment(root);
    read_simulation(root);
    read_measurements(root);
    read_parameters(root);
    root.finish(keys);
    read_strap_pressure(root);
    return std::move(scenario_);
  }

private:
  void read_cuff(TableReader& root) {
    scenario_.has_cuff = root.has("cuff");
    if (!scenario_.has_cuff)
      return;
    TableReader reader = root.table("cuff");
    Cuff& cuff = scenario_.cuff;
    cuff.name = reader.string("name", "cuff");
    cuff.limb = reader.choice("limb", limbs);
    cuff.width_cm =
        reader.quantity("width", Dimension::length, {.low = 0, .high = 100, .unit = "cm", .low_open = true});
    cuff.kind = reader.choice("kind", kinds_of_cuff, CuffKind::cuff);
    const bool strap = cuff.kind == CuffKind::strap;
    cuff.material = strap ? reader.choice("material", strap_materials, CuffMaterial::medium)
                          : reader.choice("material", cuff_materials, CuffMaterial::nylon);
    cuff.device = reader.choice("device", devices, strap ? CuffDevice::unregulated : CuffDevice::regulated);
    if (strap && cuff.device == CuffDevice::regulated)
      reader.error("device", "conflict", "nothing regulates a strap", "unregulated, or no device at all");
    read_pull(reader);
    constexpr Bounds filling{.low = 0, .high = 120, .unit = "s"};
    cuff.inflation_time_s = read_time(reader, "inflation_time", filling, usual_inflation_time_s);
    cuff.deflation_time_s = read_time(reader, "deflation_time", filling, usual_deflation_time_s);

    const bool has_profile = reader.has("profile"), has_pressure = reader.has("pressure"),
               has_during = reader.has("during");
    scenario_.during = reader.choice("during", durings, has_profile ? CuffDuring::profile : CuffDuring::all);
    const bool profiled = scenario_.during == CuffDuring::profile;
    if (cuff.pull && profiled)
      reader.error("during", "conflict", "a strap is pulled once and cannot follow a profile", "all, sets, rests, never");
    else if (cuff.pull && has_pressure)
      reader.warning("pressure", "unused-key", "is not used", "how the strap is put on says its pressure");
    const bool needs_pressure = !profiled && !cuff.pull && scenario_.during != CuffDuring::never;
    if (needs_pressure && !has_pressure) // of the scenario, not of the cuff's own file that it extends
      root.missing("cuff.pressure", relative_pressure_bounds.describe() + ", or " + cuff_pressure_bounds.describe());
    scenario_.pressure = cuff_pressure(read_pressure(reader, false));
    read_profile(reader);
    if (has_profile && has_pressure && !has_during)
      reader.error("profile", "conflict", "both a pressure and a profile are given",
                   "during = \"profile\" to follow the profile, or another during to hold the pressure");
    else if (has_profile && !profiled && has_during)
      reader.warning("profile", "unused-key", "is not followed", "during is not \"profile\"");
    else if (has_pressure && profiled)
      reader.warning("pressure", "unused-key", "is not used", "during is \"profile\"");
    if (profiled && !has_profile)
      reader.error("profile", "missing-key", "is missing", "[{ at = \"0 s\", pressure = \"40 %AOP\" }, ...]");
    read_occlusion_pressure(reader);
    reader.finish(keys);
  }

  /// How a strap is put on: by one of four measures, or by none if its pressure is given.
  void read_pull(TableReader& reader) {
    constexpr std::array<std::string_view, 4> pulls{"tension", "stretch", "overlap", "tightness"};
    std::vector<std::string_view> given;
    for (const std::string_view key : pulls)
      if (reader.has(key))
        given.push_back(key);
    std::optional<StrapPull>& pull = scenario_.cuff.pull;
    for (const std::string_view key : given) {
      if (key == "tension")
        pull = {StrapPull::By::tension, reader.quantity(key, Dimension::force, {.low = 0, .high = 2000, .unit = "N"})};
      else if (key == "stretch")
        pull = {StrapPull::By::stretch,
                reader.quantity(key, Dimension::dimensionless, {.low = 0, .high = 300, .unit = "%"})};
      else if (key == "overlap")
        pull = {StrapPull::By::overlap,
                reader.quantity(key, Dimension::dimensionless, {.low = 0, .high = 80, .unit = "%"})};
      else
        pull = {StrapPull::By::tightness, reader.number(key, {.low = 0, .high = 10})};
      if (scenario_.cuff.kind != CuffKind::strap)
        reader.error(key, "conflict", "is said of a strap, and this is a cuff", "kind = \"strap\", or a pressure");
      else if (key != given.front())
        reader.error(key, "conflict", "says again what '" + std::string(given.front()) + "' says",
                     "one of tension, stretch, overlap, tightness");
    }
  }

  void read_profile(TableReader& reader) {
    for (TableReader& point : reader.tables("profile", most_points)) {
      const double time = read_time(point, "at", phase_bounds);
      if (!scenario_.profile.empty() && time <= scenario_.profile.back().time_s)
        point.error("at", "order", "is not later than the point before it", "times that grow from point to point");
      scenario_.profile.push_back({time, cuff_pressure(read_pressure(point, true))});
      point.finish();
    }
  }

  void read_occlusion_pressure(TableReader& reader) {
    const TomlValue* value = reader.value("occlusion_pressure");
    if (value == nullptr || (value->kind == TomlValue::Kind::string && value->text == "emergent"))
      return;
    const double measured =
        reader.quantity("occlusion_pressure", Dimension::pressure, {.low = 40, .high = 700, .unit = "mmHg"});
    scenario_.measured_aop_mmHg = measured;
    const auto check = [&](const CuffPressure& pressure, std::string_view key) {
      if (const double asked = pressure.value * measured; pressure.relative && asked > cuff_pressure_bounds.high)
        reader.error(key, "out-of-range",
                     core::format_quantity(pressure.value, "%AOP") + " of " + core::format_quantity(measured, "mmHg") +
                         " is " + core::format_quantity(asked, "mmHg"),
                     cuff_pressure_bounds.describe());
    };
    check(scenario_.pressure, "pressure");
    for (const CuffPoint& point : scenario_.profile)
      check(point.pressure, "profile");
  }

  /// A strap's pressure, once person and parameters are known.
  void read_strap_pressure(TableReader& root) {
    if (!scenario_.cuff.pull || !complete_ || diagnostics_->has_errors() || scenario_.parameters.size() == 0)
      return;
    scenario_.pressure = {strap_pressure(scenario_), false};
    if (scenario_.pressure.value > cuff_pressure_bounds.high)
      root.error("cuff", "out-of-range",
                 "such a pull makes " + core::format_quantity(std::round(scenario_.pressure.value), "mmHg"),
                 cuff_pressure_bounds.describe());
  }

  void read_limb(TableReader& root) {
    if (!scenario_.has_cuff) {
      scenario_.limb = root.choice("limb", limbs);
      return;
    }
    scenario_.limb = root.choice("limb", limbs, scenario_.cuff.limb);
    if (scenario_.limb != scenario_.cuff.limb)
      root.error("limb", "conflict",
                 "is the " + std::string(name_of(scenario_.limb)) + ", but the cuff '" + scenario_.cuff.name +
                     "' is for the " + std::string(name_of(scenario_.cuff.limb)),
                 "a cuff for the same limb, or no limb at all");
  }

  void read_person(TableReader& root) {
    root.missing("person", "extends = [\"people/adult_man.toml\"], or a [person] table");
    if (!root.has("person"))
      return;
    TableReader reader = root.table("person");
    Person& person = scenario_.person;
    person.name = reader.string("name", "person");
    person.sex = reader.choice("sex", sexes);
    person.age_yr = reader.quantity("age", Dimension::age, {.low = 10, .high = 110, .unit = "yr"});
    person.height_cm = reader.quantity("height", Dimension::length, {.low = 100, .high = 230, .unit = "cm"});
    person.mass_kg = reader.quantity("mass", Dimension::mass, {.low = 25, .high = 250, .unit = "kg"});
    person.systolic_pressure =
        reader.quantity("systolic_pressure", Dimension::pressure, {.low = 70, .high = 260, .unit = "mmHg"});
    person.diastolic_pressure =
        reader.quantity("diastolic_pressure", Dimension::pressure, {.low = 30, .high = 160, .unit = "mmHg"});
    if (person.systolic_pressure <= person.diastolic_pressure)
      reader.error("systolic_pressure", "conflict",
                   core::format_quantity(person.systolic_pressure, "mmHg") + " is not above the diastolic pressure",
                   "above " + core::format_quantity(person.diastolic_pressure, "mmHg"));
    person.heart_rate = reader.quantity("heart_rate", Dimension::frequency, {.low = 30, .high = 220, .unit = "bpm"});
    read_anthropometry(reader, LimbKind::arm, person.arm, {.low = 12, .high = 70, .unit = "cm"},
                       {.low = 15, .high = 55, .unit = "cm"}, {.low = 200, .high = 8000, .unit = "mL"});
    read_anthropometry(reader, LimbKind::leg, person.leg, {.low = 25, .high = 110, .unit = "cm"},
                       {.low = 20, .high = 75, .unit = "cm"}, {.low = 1000, .high = 40000, .unit = "mL"});
    reader.finish(keys);
  }

  void read_anthropometry(TableReader& person, LimbKind limb, LimbAnthropometry& size, const Bounds& circumference,
                          const Bounds& length, const Bounds& volume) {
    const std::string key(name_of(limb));
    const bool used = limb == scenario_.limb;
    if (!person.has(key)) {
      if (used && complete_)
        person.error(key, "missing-key", "is missing, and the scenario is about the " + key,
                     "circumference, length, adipose_thickness, distal_volume");
      return;
    }
    TableReader reader = person.table(key);
    size.circumference_cm = reader.quantity("circumference", Dimension::length, circumference);
    size.length_cm = reader.quantity("length", Dimension::length, length);
    size.adipose_thickness_cm =
        reader.quantity("adipose_thickness", Dimension::length, {.low = 0, .high = 10, .unit = "cm"});
    size.distal_volume_mL = reader.quantity("distal_volume", Dimension::volume, volume);
    const double radius = size.circumference_cm / (2 * std::acos(-1.0));
    if (size.adipose_thickness_cm >= radius / 2)
      reader.error("adipose_thickness", "conflict", "leaves no muscle in a limb this thick",
                   "less than " + core::format_quantity(std::round(radius * 5) / 10, "cm"));
    if (used && scenario_.has_cuff && scenario_.cuff.width_cm > size.length_cm)
      document_error("cuff", "width", "conflict",
                     "a cuff " + core::format_quantity(scenario_.cuff.width_cm, "cm") + " wide does not fit: the " +
                         (limb == LimbKind::arm ? "upper arm" : "thigh") + " is " +
                         core::format_quantity(size.length_cm, "cm") + " long",
                     "at most " + core::format_quantity(size.length_cm, "cm"));
    reader.finish(keys);
  }

  /// A problem with a key of a top-level table that is not being read just now.
  void document_error(std::string_view table, std::string_view key, std::string rule, std::string message,
                      std::string accepted) {
    if (const TomlValue* value = document_.find(table); value != nullptr)
      TableReader(*value, std::string(table), *diagnostics_)
          .error(key, std::move(rule), std::move(message), std::move(accepted));
  }

  void read_exercises(TableReader& root) {
    std::int64_t repetitions = 0;
    for (TableReader& reader : root.tables("exercise", most_exercises)) {
      scenario_.exercises.push_back(read_exercise(reader, scenario_.limb));
      if (scenario_.exercises.back().muscle != scenario_.exercises.front().muscle)
        reader.error("muscle", "conflict", "one session works one muscle group",
                     std::string(name_of(scenario_.exercises.front().muscle)));
      for (const int reps : scenario_.exercises.back().sets)
        repetitions += reps;
      if (repetitions > most_repetitions) {
        reader.error("sets", "out-of-range", std::to_string(repetitions) + " repetitions in one session are too many",
                     "at most " + std::to_string(most_repetitions));
        repetitions = std::numeric_limits<int>::min(); // say it once
      }
    }
  }

  static Exercise read_exercise(TableReader& reader, LimbKind limb) {
    Exercise exercise;
    exercise.name = reader.string("name", "exercise");
    constexpr std::array<QuantityKind, 2> loads{
        {{Dimension::fraction_of_maximum_load, {.low = 0, .high = 150, .unit = "%1RM"}},
         {Dimension::fraction_of_maximum_force, {.low = 0, .high = 100, .unit = "%MVC"}}}};
    if (const auto load = reader.quantity_of("load", loads, true)) {
      exercise.load = load->value;
      exercise.load_of_mvc = load->dimension == Dimension::fraction_of_maximum_force;
    }
    exercise.until = reader.choice("until", set_ends, SetEnd::repetitions);
    exercise.muscle = reader.choice("muscle", muscle_groups,
                                    limb == LimbKind::arm ? MuscleGroup::elbow_flexors : MuscleGroup::knee_extensors);
    if ((exercise.muscle == MuscleGroup::elbow_flexors) != (limb == LimbKind::arm))
      reader.error("muscle", "conflict",
                   "the " + std::string(name_of(exercise.muscle)) + " are not in the " + std::string(name_of(limb)),
                   limb == LimbKind::arm ? "elbow flexors" : "knee extensors, plantar flexors");
    exercise.chest_pressure_mmHg =
        reader.quantity("chest_pressure", Dimension::pressure, {.low = 0, .high = 200, .unit = "mmHg"}, 0);
    exercise.hold_s = read_time(reader, "hold", {.low = 0, .high = 3600, .unit = "s", .low_open = true}, 0);
    const bool isometric = reader.has("hold");
    exercise.sets =
        reader.integers("sets", 1, most_repetitions_of_a_set, most_sets, !isometric).value_or(std::vector<int>{1});
    constexpr Bounds movement{.low = 0.1, .high = 60, .unit = "s"};
    TableReader tempo = reader.table("tempo");
    if (isometric) {
      for (const std::string_view key : {"concentric", "eccentric"})
        if (tempo.has(key))
          tempo.error(key, "conflict", "has no meaning in a hold", "pause");
    } else if (!reader.has("tempo")) {
      reader.missing("tempo", "{ concentric = \"1.5 s\", eccentric = \"1.5 s\" }, or hold = \"30 s\"");
    } else {
      exercise.concentric_s = read_time(tempo, "concentric", movement);
      exercise.eccentric_s = read_time(tempo, "eccentric", movement);
    }
    exercise.pause_s = read_time(tempo, "pause", {.low = 0, .high = 600, .unit = "s"}, 0);
    tempo.finish(keys);
    constexpr Bounds resting{.low = 0, .high = 3600, .unit = "s"};
    if (exercise.sets.size() > 1)
      exercise.rest_s = read_time(reader, "rest", resting);
    else
      exercise.rest_s = read_time(reader, "rest", resting, 0);
    exercise.rest_before_s = read_time(reader, "rest_before", resting, 0);
    reader.finish(keys);
    return exercise;
  }

  void read_timing(TableReader& root) {
    TableReader reader = root.table("timing");
    scenario_.baseline_s = read_time(reader, "baseline", phase_bounds, 0);
    scenario_.passive_s = read_time(reader, "passive", phase_bounds, 0);
    scenario_.recovery_s = read_time(reader, "recovery", phase_bounds, 0);
    reader.finish(keys);
    const double total = duration_of(scenario_);
    if (total > longest_run_s)
      reader.error("", "out-of-range", "the whole run lasts " + core::format_quantity(total, "h"),
                   "at most " + core::format_quantity(longest_run_s, "h"));
    if (complete_ && !root.has("exercise") && scenario_.passive_s <= 0)
      root.error("exercise", "missing-key", "there is nothing to do: neither an exercise nor a passive period",
                 "an [exercise] table, or passive = \"600 s\" in [timing]");
    if (!scenario_.profile.empty() && scenario_.during == CuffDuring::profile &&
        scenario_.profile.back().time_s + scenario_.baseline_s >= total - scenario_.recovery_s) {
      if (const TomlValue* cuff = document_.find("cuff"); cuff != nullptr)
        TableReader(*cuff, "cuff", *diagnostics_)
            .warning("profile", "unused-key", "goes on after the last set and the passive period",
                     "the cuff is off in recovery");
    }
  }

  void read_environment(TableReader& root) {
    TableReader reader = root.table("environment");
    scenario_.external_pressure_mmHg =
        reader.quantity("external_pressure", Dimension::pressure, {.low = -80, .high = 150, .unit = "mmHg"}, 0);
    reader.finish(keys);
  }

  void read_simulation(TableReader& root) {
    TableReader reader = root.table("simulation");
    scenario_.fidelity = reader.choice("fidelity", fidelities, Fidelity::averaged);
    scenario_.relative_tolerance = reader.number("tolerance", {.low = 1e-12, .high = 1e-2}, 1e-6);
    scenario_.sample_interval_s = read_time(reader, "sample_interval", {.low = 0.001, .high = 600, .unit = "s"}, 1);
    if (const double samples = duration_of(scenario_) / scenario_.sample_interval_s; samples > most_samples)
      reader.error("sample_interval", "out-of-range", "makes " + core::format_number(std::ceil(samples)) + " samples",
                   "at most " + core::format_number(most_samples) + " samples of the whole run");
    reader.finish(keys);
  }

  void read_measurements(TableReader& root) {
    const double end = longest_duration_of(scenario_);
    for (TableReader& reader : root.tables("measure", most_points)) {
      Measurement measurement;
      measurement.kind = reader.choice("kind", measurement_kinds);
      measurement.time_s = read_time(reader, "at", {.low = 0, .high = longest_run_s, .unit = "s"});
      if (measurement.time_s > end)
        reader.error("at", "out-of-range",
                     core::format_quantity(measurement.time_s, "s") + " is after the end of the run",
                     "0 s to " + core::format_quantity(end, "s"));
      scenario_.measurements.push_back(std::move(measurement));
      reader.finish(keys);
    }
  }

  void read_parameters(TableReader& root) {
    TableReader reader = root.table("parameters");
    const TomlValue* table = document_.find("parameters");
    if (table == nullptr || !table->is_table())
      return;
    for (const TomlValue::Entry& entry : table->entries) {
      const TomlValue& value = entry.value;
      const bool bare = value.kind == TomlValue::Kind::integer || value.kind == TomlValue::Kind::number;
      const std::string text = bare ? core::format_number(value.number) : value.text;
      if (!bare && value.kind != TomlValue::Kind::string)
        reader.error(entry.key, "wrong-kind", "is not a quantity", "a number with its unit, in quotes");
      else if (auto wrong = scenario_.parameters.problem(entry.key, text))
        reader.add(entry.key, std::move(*wrong));
      else
        scenario_.parameters.set(entry.key, text);
    }
  }

  TomlValue document_;
  Scenario scenario_;
  Diagnostics* diagnostics_;
  bool complete_;
};

/// Reads a merged document; throws if anything is wrong with it, or was wrong before.
Scenario interpret(TomlValue document, std::vector<std::string> files, core::ParameterTable parameters,
                   Diagnostics& diagnostics, bool complete) {
  Scenario scenario = Interpreter(document, std::move(parameters), diagnostics, complete).interpret();
  diagnostics.throw_if_errors();
  scenario.files = std::move(files);
  scenario.warnings = diagnostics.warnings();
  scenario.text = to_toml(document, keys);
  scenario.document = std::make_shared<const TomlValue>(std::move(document));
  return scenario;
}

core::ParameterTable read_parameter_table(Diagnostics& diagnostics) {
  try {
    return core::ParameterTable::load(parameters_directory());
  } catch (const InputError& error) {
    for (const Diagnostic& d : error.diagnostics())
      diagnostics.add(d);
    return {};
  }
}

TomlValue text_value(std::string text) {
  TomlValue value;
  value.kind = TomlValue::Kind::string;
  value.text = std::move(text);
  return value;
}

Scenario finish_loading(TomlValue document, Gatherer& gatherer, Diagnostics& diagnostics, const fs::path& name) {
  if (document.find("title") == nullptr)
    document.set("title", text_value(name.stem().string()));
  core::ParameterTable parameters = read_parameter_table(diagnostics);
  const bool complete = gatherer.complete && parameters.size() > 0;
  return interpret(std::move(document), std::move(gatherer.files), std::move(parameters), diagnostics, complete);
}

// ------------------------------------------------------------------ changing a scenario

bool known_key(std::string_view key) {
  return std::ranges::any_of(keys, [&](std::string_view known) {
    return known == key || (known.starts_with(key) && known[key.size()] == '.');
  });
}

bool is_index(std::string_view word) {
  return !word.empty() && word.size() < 5 && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

/// "exercise.2.load" as "exercise.load"
std::string without_index(std::string_view key) {
  std::vector<std::string> words = split(key, '.');
  if (words.size() > 1 && words[0] == "exercise" && is_index(words[1]))
    words.erase(words.begin() + 1);
  return join(words, ".");
}

std::string last_word(std::string_view key) { return std::string(key.substr(key.rfind('.') + 1)); }

/// The dotted key meant by a word, or what is wrong with it.
std::pair<std::string, std::optional<Diagnostic>> resolve_key(const core::ParameterTable& parameters,
                                                              const std::string& key) {
  constexpr std::string_view parameter_prefix = "parameters.";
  if (key.starts_with(parameter_prefix)) {
    const std::string name = key.substr(parameter_prefix.size());
    if (parameters.contains(name))
      return {key, std::nullopt};
    return {"", parameters.problem(name, "")};
  }
  if (known_key(without_index(key)) && key != "extends")
    return {key, std::nullopt};
  std::vector<std::string> meant, candidates;
  for (const std::string_view known : keys) {
    if (known == "extends")
      continue;
    std::string underscored(known);
    std::ranges::replace(underscored, '.', '_');
    if (underscored == key)
      return {std::string(known), std::nullopt};
    if (last_word(known) == key)
      meant.emplace_back(known);
    candidates.emplace_back(known);
  }
  if (meant.size() == 1)
    return {meant.front(), std::nullopt};
  if (meant.empty() && parameters.contains(key))
    return {std::string(parameter_prefix) + key, std::nullopt};

  Diagnostic d = problem("override", "unknown-key", key, "is not a known key");
  if (meant.size() > 1) {
    d.rule = "ambiguous-key";
    d.message = "could be one of several keys";
    d.accepted = join(meant);
    return {"", d};
  }
  const std::size_t dotted = candidates.size();
  for (std::size_t i = 0; i < dotted; ++i)
    candidates.push_back(last_word(candidates[i]));
  for (std::string name : parameters.names())
    candidates.push_back(std::move(name));
  candidates.insert(candidates.end(), {"person", "cuff"});
  const auto nearest = nearest_key(key, candidates);
  d.nearest = nearest.value_or("");
  d.hint = "scenarios/README.md lists the keys; any model parameter can be named too";
  return {"", d};
}

void set_at(TomlValue& table, std::span<const std::string> path, const TomlValue& value) {
  if (path.size() == 1) {
    table.set(path.front(), value);
    return;
  }
  TomlValue* inner = table.find(path.front());
  if (inner == nullptr || !(inner->is_table() || inner->is_array_of_tables())) {
    TomlValue created;
    created.place = value.place;
    table.set(path.front(), std::move(created));
    inner = table.find(path.front());
  }
  path = path.subspan(1);
  if (inner->is_table()) {
    set_at(*inner, path, value);
  } else if (is_index(path.front()) && path.size() > 1) {
    const std::size_t index = std::stoul(path.front());
    set_at(inner->items.at(index - 1), path.subspan(1), value);
  } else {
    for (TomlValue& item : inner->items)
      set_at(item, path, value);
  }
}

/// Applies the changes of `with` to a copy of the document.
class Changer {
public:
  Changer(const Scenario& scenario, Diagnostics& diagnostics)
      : document(*scenario.document), files(scenario.files), scenario_(&scenario), diagnostics_(&diagnostics) {}

  TomlValue document;
  std::vector<std::string> files;
  bool complete = true;

  void apply(const std::map<std::string, std::string>& changes) {
    std::map<std::string, std::pair<std::string, std::string>> by_path; // dotted key -> as given, text
    for (const auto& [key, text] : changes) {
      if (key == "person" || key == "cuff") {
        by_path.emplace(key, std::pair(key, text));
        continue;
      }
      const auto [path, wrong] = resolve_key(scenario_->parameters, key);
      if (wrong)
        diagnostics_->add(placed(*wrong, key, text));
      else if (!by_path.emplace(path, std::pair(key, text)).second)
        diagnostics_->add(placed(
            problem("", "duplicate-key", path, "is given twice, as '" + by_path.at(path).first + "' too"), key, text));
    }
    if (const auto person = by_path.find("person"); person != by_path.end())
      replace_person(person->second.second);
    if (const auto cuff = by_path.find("cuff"); cuff != by_path.end())
      replace_cuff(cuff->second.second);
    if ((by_path.contains("person") || by_path.contains("cuff")) && scenario_->measured_aop_mmHg &&
        !by_path.contains("cuff.occlusion_pressure")) {
      Diagnostic d = problem("override", "conflict", "cuff.occlusion_pressure",
                             "was measured on another person or with another cuff");
      d.accepted = "the pressure measured with the new one, or \"emergent\"";
      diagnostics_->add(std::move(d));
    }
    for (const auto& [path, change] : by_path)
      if (path != "person" && path != "cuff")
        set(path, change.first, change.second, by_path.contains("cuff"));
  }

private:
  static Diagnostic placed(Diagnostic d, const std::string& key, const std::string& text) {
    d.file = "override";
    d.line = 1;
    d.column = 1;
    d.source_line = key + " = " + text;
    d.value = text;
    return d;
  }

  void set(const std::string& path, const std::string& key, const std::string& text, bool has_new_cuff) {
    const std::vector<std::string> words = split(path, '.');
    const auto refuse = [&](std::string message, std::string accepted = "") {
      Diagnostic d = problem("", "missing-key", path, std::move(message));
      d.accepted = std::move(accepted);
      diagnostics_->add(placed(std::move(d), key, text));
    };
    const TomlValue* exercise = document.find("exercise");
    if (words[0] == "exercise" && words.size() > 1 && exercise == nullptr)
      return refuse("there is no exercise in this scenario");
    if (words[0] == "exercise" && words.size() > 2 && is_index(words[1])) {
      const std::size_t count = exercise->is_table() ? 1 : exercise->items.size();
      const std::size_t index = std::stoul(words[1]);
      if (index < 1 || index > count)
        return refuse("there is no such exercise", "1 to " + std::to_string(count));
      if (exercise->is_table())
        return set_at(document, split(without_index(path), '.'), core::value_from_text(key, text, "override"));
    }
    if (words[0] == "cuff" && words.size() > 1 && document.find("cuff") == nullptr && !has_new_cuff)
      return refuse("there is no cuff in this scenario", "cuff = \"wide_thigh\" or another one first");
    set_at(document, words, core::value_from_text(key, text, "override"));
  }

  /// The table `key` of a person or cuff file; nothing, and the problem reported, if there is none.
  std::optional<TomlValue> part_of_file(const std::string& key, const std::string& name,
                                        const std::vector<std::string>& folders) {
    const auto path = find_input(name, "", folders);
    if (!path) {
      Diagnostic d = not_found(name, folders);
      d.key = key;
      d.message = "'" + name + "': " + d.message;
      diagnostics_->add(placed(std::move(d), key, name));
      complete = false;
      return std::nullopt;
    }
    Gatherer gatherer(*diagnostics_);
    const TomlValue root = gatherer.gather(*path);
    complete = complete && gatherer.complete;
    files.insert(files.end(), gatherer.files.begin(), gatherer.files.end());
    const TomlValue* part = root.find(key);
    if (part != nullptr && part->is_table())
      return *part;
    if (gatherer.complete)
      diagnostics_->add(problem(path->string(), "missing-key", key, "there is no [" + key + "] table in this file"));
    complete = false;
    return std::nullopt;
  }

  void replace_person(const std::string& name) {
    if (auto person = part_of_file("person", name, people_folder))
      document.set("person", std::move(*person));
  }

  void replace_cuff(const std::string& name) {
    const auto cuff = part_of_file("cuff", name, cuffs_folder);
    if (!cuff)
      return;
    TomlValue* mine = document.find("cuff");
    if (mine == nullptr) {
      document.set("cuff", *cuff);
      return;
    }
    for (const std::string_view key : cuff_itself)
      mine->erase(key);
    merge(*mine, *cuff);
  }

  const Scenario* scenario_;
  Diagnostics* diagnostics_;
};

} // namespace

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

fs::path data_directory() {
  std::vector<fs::path> tried;
  if (const char* variable = std::getenv("LIMBFLOW_DATA"); variable != nullptr && *variable != '\0') {
    tried.emplace_back(variable);
  } else {
    const std::lock_guard lock(data_directory_mutex);
    if (!chosen_data_directory.empty())
      tried.push_back(chosen_data_directory);
    else
      tried = {LIMBFLOW_SOURCE_DATA_DIRECTORY, LIMBFLOW_INSTALLED_DATA_DIRECTORY};
  }
  for (const fs::path& directory : tried)
    if (holds_data(directory))
      return directory;
  Diagnostic d = problem(tried.front().string(), "no-data", "", "there are no shipped scenarios and parameters here");
  d.accepted = "a directory with scenarios/ and parameters/";
  d.hint = "the environment variable LIMBFLOW_DATA says where they are";
  throw InputError(std::move(d));
}

void set_data_directory(const fs::path& directory) {
  const std::lock_guard lock(data_directory_mutex);
  chosen_data_directory = directory;
}

fs::path scenarios_directory() { return data_directory() / "scenarios"; }

fs::path parameters_directory() {
  const fs::path data = data_directory();
  std::error_code error;
  return fs::is_directory(data / "parameters", error) ? data / "parameters" : data / "models" / "parameters";
}

Scenario load_scenario(const fs::path& path_or_name) {
  const auto path = find_input(path_or_name, "", protocol_folder);
  if (!path)
    throw InputError(not_found(path_or_name, protocol_folder));
  Diagnostics diagnostics;
  Gatherer gatherer(diagnostics);
  TomlValue document = gatherer.gather(*path);
  return finish_loading(std::move(document), gatherer, diagnostics, *path);
}

Scenario parse_scenario(const std::string& text, const std::string& name) {
  Diagnostics diagnostics;
  Gatherer gatherer(diagnostics);
  TomlValue document = gatherer.gather_text(text, name);
  return finish_loading(std::move(document), gatherer, diagnostics, name);
}

Scenario resting_scenario(const std::string& person, const std::string& cuff,
                          const std::map<std::string, std::string>& overrides) {
  Diagnostics diagnostics;
  Scenario empty;
  empty.parameters = read_parameter_table(diagnostics);
  Diagnostics ignored;
  TomlValue document =
      TomlDocument::parse(cuff.empty() ? "[timing]\npassive = \"60 s\"\n"
                                       : "[timing]\npassive = \"60 s\"\n[cuff]\nduring = \"never\"\n",
                          "resting", ignored)
          .root;
  document.set("title", text_value(person + (cuff.empty() ? "" : ", " + cuff) + ", at rest"));
  empty.document = std::make_shared<const TomlValue>(std::move(document));
  Changer changer(empty, diagnostics);
  std::map<std::string, std::string> changes = overrides;
  changes.insert_or_assign("person", person);
  if (!cuff.empty())
    changes.insert_or_assign("cuff", cuff);
  changer.apply(changes);
  return interpret(std::move(changer.document), std::move(changer.files), empty.parameters, diagnostics,
                   changer.complete && empty.parameters.size() > 0);
}

Scenario with(const Scenario& scenario, const std::map<std::string, std::string>& key_to_text) {
  Diagnostics diagnostics;
  Changer changer(scenario, diagnostics);
  changer.apply(key_to_text);
  return interpret(std::move(changer.document), std::move(changer.files), scenario.parameters.defaults(), diagnostics,
                   changer.complete);
}

std::string canonical_key(const Scenario& scenario, const std::string& key) {
  if (key == "person" || key == "cuff")
    return key;
  auto [path, wrong] = resolve_key(scenario.parameters, key);
  if (wrong)
    throw InputError(std::move(*wrong));
  return path;
}

std::vector<std::string_view> scenario_keys() { return {keys.begin(), keys.end()}; }

std::vector<std::string> shipped(const std::string& kind) {
  const std::vector<std::string> kinds{"people", "cuffs", "protocols", "sweeps"};
  if (std::ranges::find(kinds, kind) == kinds.end()) {
    Diagnostic d = problem("", "unknown-choice", kind, "is not a kind of shipped file");
    d.accepted = join(kinds);
    d.nearest = nearest_key(kind, kinds).value_or("");
    throw InputError(std::move(d));
  }
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(scenarios_directory() / kind, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == ".toml")
      names.push_back(it->path().stem().string());
  std::ranges::sort(names);
  return names;
}

// ------------------------------------------------------------------ sweeps

namespace {

constexpr std::size_t most_axis_values = 100'000;
constexpr std::size_t most_members = 100'000'000;
constexpr std::size_t most_checked_values = 1000;

[[noreturn]] void refuse_axis(const std::string& key, const std::string& text, std::string rule, std::string message,
                              std::string accepted = "") {
  Diagnostic d = problem("", std::move(rule), key, std::move(message));
  d.value = text;
  d.accepted = std::move(accepted);
  throw InputError(std::move(d));
}

constexpr std::string_view axis_forms =
    "\"0..100 %AOP / 11\" (first, last, how many), or a list such as \"10, 20, 30 %1RM\"";

/// `steps` values from `first` to `last`, ends included, as texts in the unit of `last`.
std::vector<std::string> range_texts(const std::string& key, const std::string& first, const std::string& last,
                                     std::int64_t steps) {
  const std::string shown = first + ".." + last + " / " + std::to_string(steps);
  if (steps < 2 || steps > static_cast<std::int64_t>(most_axis_values))
    refuse_axis(key, shown, "out-of-range", std::to_string(steps) + " values are out of range",
                "2 to " + std::to_string(most_axis_values));
  try {
    const core::Quantity end = core::parse_quantity(last);
    core::Quantity begin = core::parse_quantity(first);
    if (begin.unit == "1" && end.unit != "1")
      begin = core::parse_quantity(first + " " + std::string(end.unit)); // "0..100 %AOP"
    else
      begin = core::parse_quantity(first, end.dimension);
    const double low = begin.unit == end.unit ? begin.given : core::from_base(begin.value, end.unit), high = end.given;
    if (low == high)
      refuse_axis(key, shown, "out-of-range", "the range starts where it ends");
    std::vector<std::string> texts;
    for (const double value : core::grid_points(low, high, static_cast<std::size_t>(steps)))
      texts.push_back(core::format_number(value) + (end.unit == "1" ? "" : " " + std::string(end.unit)));
    return texts;
  } catch (const core::UnitError& error) {
    refuse_axis(key, shown, error.rule, error.what(), error.accepted);
  }
}

/// Bare numbers of a list take the unit of its last entry: "10, 20, 30 %1RM".
void spread_unit(std::vector<std::string>& texts) {
  try {
    const core::Quantity last = core::parse_quantity(texts.back());
    if (last.unit == "1")
      return;
    for (std::string& text : texts)
      if (core::parse_quantity(text).unit == "1")
        text += " " + std::string(last.unit);
  } catch (const core::UnitError&) { // names, or something that is reported where it is used
  }
}

std::vector<std::string> list_texts(const TomlValue& list) {
  std::vector<std::string> texts;
  for (const TomlValue& item : list.items)
    texts.push_back(item.kind == TomlValue::Kind::string ? item.text : to_toml(item));
  return texts;
}

/// The values of an axis in a file: { from, to, steps }, a list, or the text of one line.
SweepAxis axis_of_value(const Scenario& scenario, const std::string& key, const TomlValue& value) {
  if (value.kind == TomlValue::Kind::string)
    return parse_axis(scenario, key, value.text);
  if (value.is_array())
    return make_axis(scenario, key, list_texts(value));
  if (!value.is_table())
    refuse_axis(key, to_toml(value), "wrong-kind", "is not an axis", std::string(axis_forms));
  Diagnostics diagnostics;
  TableReader reader(value, key, diagnostics);
  const std::string from = reader.string("from"), to = reader.string("to");
  const std::int64_t steps = reader.integer("steps", 2, static_cast<std::int64_t>(most_axis_values));
  reader.finish();
  diagnostics.throw_if_errors();
  return make_axis(scenario, key, range_texts(key, from, to, steps));
}

bool is_axis(const TomlValue& value) {
  return !value.is_table() || value.entries.empty() ||
         std::ranges::any_of(value.entries, [](const TomlValue::Entry& entry) {
           return entry.key == "from" || entry.key == "to" || entry.key == "steps";
         });
}

/// `cuff.pressure = {...}` without quotes is a table in a table: the axes with their dotted keys.
void collect_axes(const TomlValue& table, const std::string& prefix,
                  std::vector<std::pair<std::string, const TomlValue*>>& out) {
  for (const TomlValue::Entry& entry : table.entries) {
    const std::string key = prefix.empty() ? entry.key : prefix + "." + entry.key;
    if (is_axis(entry.value))
      out.emplace_back(key, &entry.value);
    else
      collect_axes(entry.value, key, out);
  }
}

} // namespace

SweepAxis make_axis(const Scenario& scenario, const std::string& key, const std::vector<std::string>& texts) {
  SweepAxis axis;
  axis.key = canonical_key(scenario, key);
  axis.texts = texts;
  if (texts.empty() || texts.size() > most_axis_values)
    refuse_axis(axis.key, "", "out-of-range", std::to_string(texts.size()) + " values are out of range",
                "1 to " + std::to_string(most_axis_values));
  try {
    for (const std::string& text : texts) {
      const core::Quantity value = core::parse_quantity(text);
      if (axis.unit.empty())
        axis.unit = value.unit;
      else if (core::find_unit(axis.unit)->dimension != value.dimension)
        refuse_axis(axis.key, text, "wrong-unit",
                    "'" + text + "' is a " + std::string(core::name_of(value.dimension)) +
                        ", other values of the axis are not",
                    core::join(core::units_of(core::find_unit(axis.unit)->dimension)));
      axis.values.push_back(value.unit == axis.unit ? value.given : core::from_base(value.value, axis.unit));
    }
  } catch (const core::UnitError&) { // not all of them quantities: names
    axis.unit.clear();
    axis.values.resize(texts.size());
    std::iota(axis.values.begin(), axis.values.end(), 0.0);
  }
  std::set<std::string> seen_texts;
  std::set<double> seen_values;
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (!seen_texts.insert(texts[i]).second || !seen_values.insert(axis.values[i]).second)
      refuse_axis(axis.key, texts[i], "duplicate-value", "'" + texts[i] + "' is in the axis twice");

  Diagnostics diagnostics;
  std::set<std::array<std::string, 3>> told;
  const std::size_t stride = (texts.size() + most_checked_values - 1) / most_checked_values;
  for (std::size_t i = 0; i < texts.size();
       i = i + 1 == texts.size() ? i + 1 : std::min(i + stride, texts.size() - 1)) {
    try {
      with(scenario, {{axis.key, texts[i]}});
    } catch (const InputError& error) {
      for (const Diagnostic& d : error.diagnostics())
        if (told.insert({d.rule, d.key, d.message}).second) // once for all values
          diagnostics.add(d);
    }
  }
  diagnostics.throw_if_errors();
  return axis;
}

SweepAxis parse_axis(const Scenario& scenario, const std::string& key, const std::string& text) {
  const std::string path = canonical_key(scenario, key);
  if (const TomlValue value = core::value_from_text(key, text, "axis"); value.is_array())
    return make_axis(scenario, path, list_texts(value));
  if (const std::size_t dots = text.find(".."); dots != std::string::npos) {
    const std::size_t slash = text.rfind('/');
    std::int64_t steps = 0;
    const std::string count = slash == std::string::npos || slash < dots ? "" : trim(text.substr(slash + 1));
    const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), steps);
    if (count.empty() || error != std::errc() || end != count.data() + count.size())
      refuse_axis(path, text, "not-an-axis", "'" + text + "' does not say how many values", std::string(axis_forms));
    return make_axis(
        scenario, path,
        range_texts(path, trim(text.substr(0, dots)), trim(text.substr(dots + 2, slash - dots - 2)), steps));
  }
  std::string list = trim(text);
  if (list.size() > 1 && list.front() == '[' && list.back() == ']')
    list = list.substr(1, list.size() - 2);
  std::vector<std::string> texts = split(list, ',');
  for (std::string& item : texts)
    item = trim(item);
  if (std::ranges::find(texts, "") != texts.end())
    refuse_axis(path, text, "not-an-axis", "'" + text + "' has an empty value", std::string(axis_forms));
  spread_unit(texts);
  return make_axis(scenario, path, texts);
}

SweepSpec load_sweep(const fs::path& path_or_name) {
  const auto path = find_input(path_or_name, "", sweeps_folder);
  if (!path)
    throw InputError(not_found(path_or_name, sweeps_folder));
  Diagnostics diagnostics;
  const TomlDocument document = TomlDocument::load(*path, diagnostics);
  TableReader root(document.root, "", diagnostics, document.complete);
  SweepSpec sweep;
  sweep.title = root.string("title", path->stem().string());
  root.string("description", "");
  sweep.files = {path->string()};
  const std::string base = root.string("scenario");
  bool has_base = false;
  if (!base.empty()) {
    if (const auto found = find_input(base, path->parent_path(), protocol_folder)) {
      try {
        sweep.base = load_scenario(*found);
        has_base = true;
        sweep.files.insert(sweep.files.end(), sweep.base.files.begin(), sweep.base.files.end());
      } catch (const InputError& error) {
        for (const Diagnostic& d : error.diagnostics())
          diagnostics.add(d);
      }
    } else {
      root.add("scenario", not_found(base, protocol_folder));
    }
  }
  std::vector<std::pair<std::string, const TomlValue*>> axes;
  TableReader axes_reader = root.table("axes");
  if (const TomlValue* table = document.root.find("axes"); table != nullptr && table->is_table())
    collect_axes(*table, "", axes);
  if (axes.empty() && document.complete)
    root.error("axes", "missing-key", "there are no axes",
               "[axes] with \"cuff.pressure\" = { from = \"0 %AOP\", to = \"100 %AOP\", steps = 11 }");
  for (const auto& [key, value] : axes) {
    if (!has_base)
      break;
    TomlValue alone; // so that problems point at this axis
    alone.entries.push_back({key, value->place, *value});
    TableReader reader(alone, "axes", diagnostics);
    try {
      SweepAxis axis = axis_of_value(sweep.base, key, *value);
      if (std::ranges::find(sweep.axes, axis.key, &SweepAxis::key) != sweep.axes.end())
        reader.error(key, "duplicate-key", "there is another axis of " + axis.key);
      sweep.axes.push_back(std::move(axis));
    } catch (const InputError& error) {
      for (const Diagnostic& d : error.diagnostics())
        if (d.file == path->string())
          diagnostics.add(d);
        else
          reader.add(key, d);
    }
  }
  root.finish();
  diagnostics.throw_if_errors();
  member_count(sweep.axes);
  return sweep;
}

std::size_t member_count(const std::vector<SweepAxis>& axes) {
  std::size_t count = 1;
  for (const SweepAxis& axis : axes) {
    if (axis.texts.size() > most_members / count)
      refuse_axis(axis.key, "", "out-of-range", "the sweep has too many members",
                  "at most " + std::to_string(most_members));
    count *= axis.texts.size();
  }
  return count;
}

} // namespace limbflow::models
