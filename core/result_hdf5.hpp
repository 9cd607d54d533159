#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hdf5.h>

#include "core/result_files.hpp"
#include "core/result_store.hpp"

/// \file
/// The HDF5 library as result files use it: handles that close themselves, attributes, arrays with dimension scales. For the sources of
/// the store alone. What the library refuses is a Hdf5Failure with its own words.

namespace limbflow::core::storage {

/// A step that the HDF5 library refused, in its words.
struct Hdf5Failure : Failure {
  using Failure::Failure;
};

/// The HDF5 library may have been built without locks of its own.
std::mutex& hdf5_mutex();

/// While it lives HDF5 prints nothing and no other thread of ours is inside it.
class Hdf5Session {
public:
  Hdf5Session() : lock_(hdf5_mutex()) {
    H5Eget_auto2(H5E_DEFAULT, &printer_, &printer_data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Hdf5Session() { H5Eset_auto2(H5E_DEFAULT, printer_, printer_data_); }
  Hdf5Session(const Hdf5Session&) = delete;
  Hdf5Session& operator=(const Hdf5Session&) = delete;

private:
  std::lock_guard<std::mutex> lock_;
  H5E_auto2_t printer_ = nullptr;
  void* printer_data_ = nullptr;
};

/// The innermost complaint of the library; of a system call's, the system's own words.
std::string hdf5_reason();

template <class Result> Result checked(Result result) {
  if (result < 0) {
    throw Hdf5Failure(hdf5_reason());
  }
  return result;
}

/// A function that the library calls back. What it throws must not pass through the library's frames of C: it is kept, the library
/// is told to give up, and `rethrow` throws it behind them.
template <class Step> class Callback {
public:
  explicit Callback(Step step) : step_(std::move(step)) {}
  template <class... Arguments> static herr_t call(Arguments... arguments, void* self) noexcept {
    auto& callback = *static_cast<Callback*>(self);
    try {
      return callback.step_(arguments...);
    } catch (...) {
      callback.thrown_ = std::current_exception();
      return -1;
    }
  }
  void rethrow() const {
    if (thrown_) {
      std::rethrow_exception(thrown_);
    }
  }

private:
  Step step_;
  std::exception_ptr thrown_;
};

template <herr_t (*close)(hid_t)> class Handle {
public:
  explicit Handle(hid_t id) : id_(checked(id)) {}
  ~Handle() {
    if (id_ >= 0) {
      close(id_);
    }
  }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
  Handle& operator=(Handle&&) = delete;
  operator hid_t() const { return id_; }

  // Closes now, and says whether what was written reached the file.
  void close_checked() { checked(close(std::exchange(id_, H5I_INVALID_HID))); }

private:
  hid_t id_;
};

using File = Handle<H5Fclose>;
using Group = Handle<H5Gclose>;
using Dataset = Handle<H5Dclose>;
using Attribute = Handle<H5Aclose>;
using Space = Handle<H5Sclose>;
using Type = Handle<H5Tclose>;
using Properties = Handle<H5Pclose>;

Type text_type();
Space space_of(std::span<const hsize_t> shape);

void set_attribute(hid_t object, const char* name, const std::string& value);
void set_attribute(hid_t object, const char* name, std::int64_t value);
std::string text_attribute(hid_t object, const char* name);
/// Empty if there is none.
std::string optional_text(hid_t object, const char* name);
std::int64_t integer_attribute(hid_t object, const char* name);
/// In the order of their names.
std::vector<std::string> attribute_names(hid_t object);

/// Root groups and groups remember the order in which arrays were made: readers show them in that order.
inline constexpr unsigned creation_order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;

/// Dates are kept out of object headers: the same content is the same bytes.
Properties array_properties();
Properties file_properties();
/// Locks are ours to keep (`lock`); HDF5's own would keep readers away from a sweep in progress.
Properties unlocked_access();

Dataset make_array(hid_t group, const std::string& name, hid_t type, std::span<const hsize_t> shape, hid_t properties);
void describe(hid_t dataset, const std::string& unit, const std::string& long_name);

bool is_coordinate(const Variable& variable);
std::size_t count_of(const Variable& variable);

/// A set of arrays that share dimensions, in one group of a file.
class ArrayGroup {
public:
  explicit ArrayGroup(hid_t group) : group_(group) {}

  void add_coordinate(const Variable& variable);
  void add(const Variable& variable);
  /// An array without values yet.
  Dataset& add_empty(const std::string& name, hid_t type, const std::vector<std::string>& dimensions, hid_t properties);

private:
  std::vector<hsize_t> shape_of(const std::vector<std::string>& dimensions) const;
  Dataset& add_array(const Variable& variable, const std::vector<hsize_t>& shape);
  void attach(hid_t dataset, const std::vector<std::string>& dimensions);

  hid_t group_;
  std::map<std::string, Dataset> datasets_;
  std::map<std::string, hsize_t> lengths_;
};

/// Whole arrays. `file_size` guards the memory against a damaged shape.
std::vector<double> read_numbers(hid_t group, const std::string& name, std::uintmax_t file_size);
std::vector<std::string> read_texts(hid_t group, const std::string& name, std::uintmax_t file_size);

/// Of a group, in the order in which its members were made.
std::vector<std::string> link_names(hid_t file);
/// Names of the dimension scales along each dimension of an array.
std::vector<std::string> dimension_names(hid_t dataset);

} // namespace limbflow::core::storage
