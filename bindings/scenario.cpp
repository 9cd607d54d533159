#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "areas.hpp"
#include "core/parameters.hpp"
#include "core/units.hpp"
#include "core/version.hpp"
#include "models/anatomy.hpp"
#include "models/scenario.hpp"
#include "models/shipped_files.hpp"
#include "models/virtual_tests.hpp"

namespace py = pybind11;

namespace limbflow::bindings {

namespace {

using Items = std::vector<std::pair<std::string, std::string>>;

std::string number(double value, int digits = 3) {
  std::string text(32, '\0');
  text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.*g", digits, value)));
  return text;
}

std::string describe(const models::CuffPressure& pressure) {
  return pressure.relative ? number(100 * pressure.value) + " %AOP" : number(pressure.value) + " mmHg";
}

std::string describe(const models::Exercise& exercise) {
  std::string sets;
  for (const int repetitions : exercise.sets) {
    sets += (sets.empty() ? "" : "-") + std::to_string(repetitions);
  }
  std::string text = exercise.name.empty() ? "" : exercise.name + ", ";
  text += sets + " at " + number(100 * exercise.load) + (exercise.load_of_mvc ? " %MVC" : " %1RM");
  if (exercise.hold_s > 0) {
    text += ", holds of " + number(exercise.hold_s) + " s";
  } else {
    text += ", " + number(exercise.concentric_s) + " s up, " + number(exercise.eccentric_s) + " s down";
  }
  return text + ", rest " + number(exercise.rest_s) + " s";
}

/// The scenario in short, for printing: item and value.
Items describe(const models::Scenario& scenario) {
  const models::Person& person = scenario.person;
  const models::LimbAnthropometry& limb = models::limb_of(scenario);
  Items items{{"person", person.name + " (" + std::string(models::name_of(person.sex)) + ", " + number(person.age_yr) + " yr, " +
                             number(person.systolic_pressure) + "/" + number(person.diastolic_pressure) + " mmHg)"},
              {"limb", std::string(models::name_of(scenario.limb)) + ", " + number(limb.circumference_cm) + " cm around, " +
                           std::string(models::name_of(scenario.posture))}};
  if (scenario.has_cuff) {
    std::string cuff = scenario.cuff.name + " (" + number(scenario.cuff.width_cm) + " cm wide)";
    if (scenario.during == models::CuffDuring::profile) {
      cuff += ", by a profile of " + std::to_string(scenario.profile.size()) + " points";
    } else if (scenario.during == models::CuffDuring::never) {
      cuff += ", never inflated";
    } else {
      cuff += ", " + describe(scenario.pressure) +
            (scenario.during == models::CuffDuring::all ? " throughout" : " during " + std::string(models::name_of(scenario.during)));
    }
    items.emplace_back("cuff", std::move(cuff));
  }
  for (const models::Exercise& exercise : scenario.exercises) {
    items.emplace_back("exercise", describe(exercise));
  }
  items.emplace_back("time", number(scenario.baseline_s, 4) + " s before, " + number(scenario.passive_s, 4) + " s passive, " +
                                 number(scenario.recovery_s, 4) + " s after; " + number(models::duration_of(scenario), 5) +
                                 " s in all");
  items.emplace_back("computed", std::string(models::name_of(scenario.fidelity)) + ", tolerance " + number(scenario.relative_tolerance) +
                                     (scenario.stepper == models::Stepper::automatic
                                          ? ""
                                          : ", steps by " + std::string(models::name_of(scenario.stepper))));
  return items;
}

} // namespace

void bind_scenario(py::module_& module) {
  module.attr("version") = std::string(core::version());
  module.attr("revision") = std::string(core::revision());
  module.attr("source_hash") = std::string(core::source_hash());

  py::class_<models::Scenario>(module, "Scenario", "A scenario that was read and checked.")
      .def_readonly("title", &models::Scenario::title)
      .def_readonly("text", &models::Scenario::text)
      .def_readonly("files", &models::Scenario::files)
      .def_property_readonly("warnings",
                             [](const models::Scenario& self) {
                               std::vector<std::string> texts;
                               for (const core::Diagnostic& warning : self.warnings) {
                                 texts.push_back(core::render(warning));
                               }
                               return texts;
                             })
      .def_property_readonly("description", [](const models::Scenario& self) { return describe(self); })
      .def_property_readonly("person_name", [](const models::Scenario& self) { return self.person.name; })
      .def_property_readonly("cuff_name", [](const models::Scenario& self) { return self.cuff.name; })
      .def_property_readonly("has_strap_pull", [](const models::Scenario& self) { return self.cuff.pull.has_value(); })
      .def_property_readonly("cuff_material",
                             [](const models::Scenario& self) { return std::string(models::name_of(self.cuff.material)); })
      .def_property_readonly("limb", [](const models::Scenario& self) { return std::string(models::name_of(self.limb)); })
      .def_property_readonly("posture", [](const models::Scenario& self) { return std::string(models::name_of(self.posture)); });

  module.def(
      "set_data_directory", [](const std::string& path) { models::set_data_directory(path); }, py::arg("path"));
  module.def(
      "load_scenario", [](const std::string& path_or_name) { return models::load_scenario(path_or_name); },
      py::arg("path_or_name"));
  module.def("parse_scenario", &models::parse_scenario, py::arg("text"), py::arg("name"));
  module.def("resting_scenario", &models::resting_scenario, py::arg("person"), py::arg("cuff"), py::arg("overrides"));
  module.def("with_changes", &models::with, py::arg("scenario"), py::arg("changes"));
  module.def("scenario_keys", [] {
    const auto keys = models::scenario_keys();
    return std::vector<std::string>(keys.begin(), keys.end());
  });
  module.def("shipped", &models::shipped, py::arg("kind"));
  module.def(
      "parameters",
      [] {
        py::list rows;
        for (const core::Parameter& parameter : core::ParameterTable::load(models::parameters_directory()).parameters()) {
          py::dict row;
          row["name"] = parameter.name;
          row["value"] = parameter.value;
          row["low"] = parameter.low;
          row["high"] = parameter.high;
          row["unit"] = parameter.unit;
          row["description"] = parameter.description;
          row["source"] = parameter.source;
          rows.append(row);
        }
        return rows;
      },
      "The model parameters as shipped.");

  py::class_<models::OcclusionPressure>(module, "OcclusionPressure", "What a cuff does to a limb at rest in a posture.")
      .def_readonly("cuff_pressure", &models::OcclusionPressure::aop_mmHg)
      .def_readonly("artery_pressure", &models::OcclusionPressure::artery_pressure_mmHg)
      .def_readonly("transmission", &models::OcclusionPressure::transmission)
      .def_readonly("systolic_at_cuff", &models::OcclusionPressure::systolic_at_cuff_mmHg);
  py::class_<models::ArteryAtRest>(module, "ArteryAtRest", "The arteries below the cuff at rest.")
      .def_readonly("transmural_pressure", &models::ArteryAtRest::transmural_pressure)
      .def_readonly("distensibility", &models::ArteryAtRest::distensibility)
      .def_readonly("pulse_wave_velocity", &models::ArteryAtRest::pulse_wave_velocity);
  module.def("artery_at_rest", &models::artery_at_rest, py::arg("scenario"));
  module.def("aop", &models::aop, py::arg("scenario"), py::call_guard<py::gil_scoped_release>());
}

} // namespace limbflow::bindings
