#include "models/scenario_reader.hpp"

#include "models/input_text.hpp"
#include "models/scenario_names.hpp"
#include "models/shipped_files.hpp"
#include "models/strap.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace limbflow::models {

namespace fs = std::filesystem;

using core::Bounds;
using core::Diagnostic;
using core::Diagnostics;
using core::Dimension;
using core::InputError;
using core::nearest_key;
using core::QuantityKind;
using core::TableReader;
using core::TomlDocument;
using core::TomlValue;

namespace {

// Limits of what is simulated: wide enough for every study, narrow enough that no file makes a run without end.
constexpr Bounds phase_bounds{.low = 0, .high = 4, .unit = "h", .usual = "s"};
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

fs::path identity(const fs::path& path) {
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(path, error);
  return error ? path : canonical;
}

Diagnostic unknown_base(const std::string& base) {
  std::vector<std::string> names;
  for (const std::string folder : {"people", "cuffs", "protocols"})
    for (const std::string& item : shipped(folder))
      names.push_back(folder + "/" + item + ".toml");
  Diagnostic d = problem("", "no-such-file", "", "there is no file '" + base + "' beside this one, nor shipped");
  d.nearest = nearest_key(base, names).value_or("");
  return d;
}

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
    root.finish(scenario_file_keys);
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
    reader.finish(scenario_file_keys);
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
    reader.finish(scenario_file_keys);
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
    reader.finish(scenario_file_keys);
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
    tempo.finish(scenario_file_keys);
    constexpr Bounds resting{.low = 0, .high = 3600, .unit = "s"};
    if (exercise.sets.size() > 1)
      exercise.rest_s = read_time(reader, "rest", resting);
    else
      exercise.rest_s = read_time(reader, "rest", resting, 0);
    exercise.rest_before_s = read_time(reader, "rest_before", resting, 0);
    reader.finish(scenario_file_keys);
    return exercise;
  }

  void read_timing(TableReader& root) {
    TableReader reader = root.table("timing");
    scenario_.baseline_s = read_time(reader, "baseline", phase_bounds, 0);
    scenario_.passive_s = read_time(reader, "passive", phase_bounds, 0);
    scenario_.recovery_s = read_time(reader, "recovery", phase_bounds, 0);
    reader.finish(scenario_file_keys);
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
    reader.finish(scenario_file_keys);
  }

  void read_simulation(TableReader& root) {
    TableReader reader = root.table("simulation");
    scenario_.fidelity = reader.choice("fidelity", fidelities, Fidelity::averaged);
    scenario_.relative_tolerance = reader.number("tolerance", {.low = 1e-12, .high = 1e-2}, 1e-6);
    scenario_.stepper = reader.choice("stepper", steppers, Stepper::automatic);
    scenario_.sample_interval_s = read_time(reader, "sample_interval", {.low = 0.001, .high = 600, .unit = "s"}, 1);
    if (const double samples = duration_of(scenario_) / scenario_.sample_interval_s; samples > most_samples)
      reader.error("sample_interval", "out-of-range", "makes " + core::format_number(std::ceil(samples)) + " samples",
                   "at most " + core::format_number(most_samples) + " samples of the whole run");
    reader.finish(scenario_file_keys);
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
      reader.finish(scenario_file_keys);
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

} // namespace

TomlValue Gatherer::gather(const fs::path& path) {
  files.push_back(path.string());
  return extended(TomlDocument::load(path, *diagnostics_), path);
}

TomlValue Gatherer::gather_text(const std::string& text, const fs::path& name) {
  return extended(TomlDocument::parse(text, name.string(), *diagnostics_), name);
}

TomlValue Gatherer::extended(TomlDocument document, const fs::path& path) {
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

std::string Gatherer::cycle(const fs::path& back) const {
  std::string out;
  for (auto it = std::ranges::find(stack_, back); it != stack_.end(); ++it)
    out += it->filename().string() + " -> ";
  return out + back.filename().string();
}

Scenario interpret(TomlValue document, std::vector<std::string> files, core::ParameterTable parameters,
                   Diagnostics& diagnostics, bool complete) {
  Scenario scenario = Interpreter(document, std::move(parameters), diagnostics, complete).interpret();
  diagnostics.throw_if_errors();
  scenario.files = std::move(files);
  scenario.warnings = diagnostics.warnings();
  scenario.text = to_toml(document, scenario_file_keys);
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

namespace {

Scenario finish_loading(TomlValue document, Gatherer& gatherer, Diagnostics& diagnostics, const fs::path& name) {
  if (document.find("title") == nullptr)
    document.set("title", text_value(name.stem().string()));
  core::ParameterTable parameters = read_parameter_table(diagnostics);
  const bool complete = gatherer.complete && parameters.size() > 0;
  return interpret(std::move(document), std::move(gatherer.files), std::move(parameters), diagnostics, complete);
}

} // namespace

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

} // namespace limbflow::models
