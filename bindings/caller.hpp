#pragma once

#include <chrono>
#include <exception>

#include <pybind11/pybind11.h>

namespace limbflow::bindings {

/// The Python thread that called into the engine and gave up the GIL: takes it back now and then to see Ctrl-C and to call the
/// progress function. What Python raises there stops the engine and is raised once the engine has returned.
class Caller {
public:
  /// `progress` is None or a function of the fraction done. Made with the GIL held.
  explicit Caller(pybind11::object progress) : progress_(std::move(progress)) {}

  /// For the engine's `cancel`, without the GIL: true once Ctrl-C was pressed or the progress function raised.
  bool cancelled() {
    if (error_) {
      return true;
    }
    if (const auto now = Clock::now(); now - last_look_ >= between_looks) {
      last_look_ = now;
      const pybind11::gil_scoped_acquire gil;
      if (PyErr_CheckSignals() != 0) {
        error_ = std::make_exception_ptr(pybind11::error_already_set());
      }
    }
    return error_ != nullptr;
  }

  /// For the engine's `progress`, without the GIL.
  void report(double fraction) {
    if (error_ || progress_.is_none()) {
      return;
    }
    const auto now = Clock::now();
    if (now - last_report_ < between_reports && fraction < 1) {
      return;
    }
    last_report_ = now;
    const pybind11::gil_scoped_acquire gil;
    try {
      progress_(fraction);
    } catch (pybind11::error_already_set&) {
      error_ = std::current_exception();
    }
  }

  /// Whether Ctrl-C stopped the engine. With the GIL held.
  bool interrupted() const {
    try {
      rethrow();
    } catch (const pybind11::error_already_set& error) {
      return error.matches(PyExc_KeyboardInterrupt);
    }
    return false;
  }

  /// Raises what stopped the engine, if anything did. With the GIL held.
  void rethrow() const {
    if (error_) {
      std::rethrow_exception(error_);
    }
  }

private:
  using Clock = std::chrono::steady_clock;
  static constexpr auto between_looks = std::chrono::milliseconds(50);
  static constexpr auto between_reports = std::chrono::milliseconds(100);

  pybind11::object progress_;
  std::exception_ptr error_;
  Clock::time_point last_look_ = Clock::now();
  Clock::time_point last_report_ = Clock::now();
};

} // namespace limbflow::bindings
