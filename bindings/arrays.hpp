#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <pybind11/numpy.h>

namespace limbflow::bindings {

/// A read-only NumPy array of the given shape over the memory of `values`, which the array then owns. Nothing is copied.
template <class T> pybind11::array_t<T> to_array(std::vector<T>&& values, std::vector<pybind11::ssize_t> shape) {
  auto owned = std::make_unique<std::vector<T>>(std::move(values));
  const T* data = owned->data();
  pybind11::capsule owner(owned.get(), [](void* pointer) { delete static_cast<std::vector<T>*>(pointer); });
  owned.release();
  pybind11::array_t<T> array(std::move(shape), data, owner);
  array.attr("setflags")(pybind11::arg("write") = false);
  return array;
}

template <class T> pybind11::array_t<T> to_array(std::vector<T>&& values) {
  const auto size = static_cast<pybind11::ssize_t>(values.size());
  return to_array(std::move(values), {size});
}

/// A read-only NumPy view of `values`, which `owner` keeps alive.
template <class T>
pybind11::array_t<T> view_of(const std::vector<T>& values, std::vector<pybind11::ssize_t> shape, pybind11::handle owner) {
  pybind11::array_t<T> array(std::move(shape), values.data(), owner);
  array.attr("setflags")(pybind11::arg("write") = false);
  return array;
}

} // namespace limbflow::bindings
