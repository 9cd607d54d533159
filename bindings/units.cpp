#include <string>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "areas.hpp"
#include "core/units.hpp"

namespace py = pybind11;

namespace limbflow::bindings {

void bind_units(py::module_& module) {
  module.def(
      "units",
      [] {
        py::dict table;
        for (const core::Unit& unit : core::unit_table()) {
          const py::str dimension(std::string(core::name_of(unit.dimension)));
          if (!table.contains(dimension)) {
            table[dimension] = core::units_of(unit.dimension);
          }
        }
        return table;
      },
      "Accepted unit symbols by dimension, the base unit first.");
  module.def(
      "parse_quantity",
      [](const std::string& text) {
        const core::Quantity quantity = core::parse_quantity(text);
        return py::make_tuple(quantity.given, std::string(quantity.unit), std::string(core::name_of(quantity.dimension)));
      },
      py::arg("text"), "Number, unit and dimension of a text such as '60 %AOP'. Raises InputError.");
  module.def(
      "convert",
      [](double value, const std::string& from, const std::string& to) {
        const core::Unit* source = core::find_unit(from);
        const core::Unit* target = core::find_unit(to);
        if (source != nullptr && target != nullptr && source->dimension != target->dimension) {
          throw core::UnitError("wrong-unit", "'" + from + "' cannot be written in '" + to + "'", "", "", "");
        }
        return core::from_base(core::to_base(value, from), to);
      },
      py::arg("value"), py::arg("source"), py::arg("target"), "A number in one unit, in another. Raises InputError.");
}

} // namespace limbflow::bindings
