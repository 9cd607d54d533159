#include <pybind11/pybind11.h>

#include "areas.hpp"
#include "models/strap.hpp"

namespace py = pybind11;

namespace limbflow::bindings {

void bind_strap(py::module_& module) {
  py::class_<models::Spread>(module, "Spread", "Mean and standard deviation of a log-normal quantity.")
      .def_readonly("mean", &models::Spread::mean)
      .def_readonly("sd", &models::Spread::sd)
      .def("quantile", &models::Spread::quantile, py::arg("share"));

  py::class_<models::StrapReading>(module, "StrapReading", "The pressure under a strap and what it means for the artery.")
      .def_readonly("pressure", &models::StrapReading::pressure)
      .def_readonly("day_to_day_sd", &models::StrapReading::day_to_day_sd)
      .def_readonly("occlusion", &models::StrapReading::occlusion)
      .def_readonly("share", &models::StrapReading::share)
      .def_readonly("full_occlusion", &models::StrapReading::full_occlusion)
      .def_readonly("full_occlusion_low", &models::StrapReading::full_occlusion_low)
      .def_readonly("full_occlusion_high", &models::StrapReading::full_occlusion_high);

  py::enum_<models::OcclusionKnown>(module, "OcclusionKnown", "Whose occlusion pressure a strap is held against.")
      .value("of_people", models::OcclusionKnown::of_people)
      .value("of_person", models::OcclusionKnown::of_person)
      .value("measured", models::OcclusionKnown::measured);
  module.def("read_strap", &models::read_strap, py::arg("scenario"), py::arg("known"),
             py::call_guard<py::gil_scoped_release>());

  py::class_<models::StrapLaw>(module, "StrapLaw", "Pressure under a strap of a width and material on a limb.")
      .def("compression", &models::StrapLaw::compression, py::arg("pressure"))
      .def("pressure_of_tension", &models::StrapLaw::pressure_of_tension, py::arg("newton"))
      .def("pressure_of_overlap", &models::StrapLaw::pressure_of_overlap, py::arg("share"))
      .def("overlap_of_pressure", &models::StrapLaw::overlap_of_pressure, py::arg("pressure"));
  module.def("strap_law", &models::strap_law, py::arg("scenario"));
}

} // namespace limbflow::bindings
