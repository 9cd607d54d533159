#include "core/result_hdf5.hpp"

#include <string_view>
#include <variant>

#include <hdf5_hl.h>

namespace limbflow::core::storage {

std::mutex& hdf5_mutex() {
  static std::mutex mutex;
  return mutex;
}

std::string hdf5_reason() {
  std::string innermost;
  const auto keep_first = [](unsigned, const H5E_error2_t* error, void* data) -> herr_t {
    auto& text = *static_cast<std::string*>(data);
    if (text.empty() && error->desc != nullptr) {
      text = error->desc;
    }
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &innermost);
  constexpr std::string_view marker = "error message = '";
  if (const auto at = innermost.find(marker); at != std::string::npos) {
    const auto begin = at + marker.size();
    return innermost.substr(begin, innermost.find('\'', begin) - begin);
  }
  constexpr std::string_view cut = "truncated file: eof = ";
  constexpr std::string_view stored = ", stored_eof = ";
  if (const auto at = innermost.find(stored); innermost.starts_with(cut) && at != std::string::npos) {
    const std::string there = innermost.substr(cut.size(), innermost.find(',') - cut.size());
    return "only " + there + " of its " + innermost.substr(at + stored.size()) + " bytes are there";
  }
  return innermost.empty() ? "the HDF5 library gives no reason" : innermost;
}

Type text_type() {
  Type type(H5Tcopy(H5T_C_S1));
  checked(H5Tset_size(type, H5T_VARIABLE));
  checked(H5Tset_cset(type, H5T_CSET_UTF8));
  return type;
}

Space space_of(std::span<const hsize_t> shape) {
  return Space(shape.empty() ? H5Screate(H5S_SCALAR)
                             : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr));
}

void set_attribute(hid_t object, const char* name, const std::string& value) {
  const Type type = text_type();
  const Space space(H5Screate(H5S_SCALAR));
  const Attribute attribute(H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
  const char* text = value.c_str();
  checked(H5Awrite(attribute, type, &text));
}

void set_attribute(hid_t object, const char* name, std::int64_t value) {
  const Space space(H5Screate(H5S_SCALAR));
  const Attribute attribute(H5Acreate2(object, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT));
  checked(H5Awrite(attribute, H5T_NATIVE_INT64, &value));
}

std::string text_attribute(hid_t object, const char* name) {
  const Attribute attribute(H5Aopen(object, name, H5P_DEFAULT));
  const Type stored(H5Aget_type(attribute));
  const Space space(H5Aget_space(attribute));
  if (H5Tget_class(stored) != H5T_STRING || H5Tis_variable_str(stored) <= 0 ||
      H5Sget_simple_extent_npoints(space) != 1) {
    throw Failure(std::string("its attribute '") + name + "' is not a text");
  }
  const Type type = text_type();
  char* text = nullptr;
  checked(H5Aread(attribute, type, &text));
  std::string value = text == nullptr ? "" : text;
  H5free_memory(text);
  return value;
}

std::string optional_text(hid_t object, const char* name) {
  return H5Aexists(object, name) > 0 ? text_attribute(object, name) : "";
}

std::int64_t integer_attribute(hid_t object, const char* name) {
  const Attribute attribute(H5Aopen(object, name, H5P_DEFAULT));
  const Type stored(H5Aget_type(attribute));
  const Space space(H5Aget_space(attribute));
  if (H5Tget_class(stored) != H5T_INTEGER || H5Sget_simple_extent_npoints(space) != 1) {
    throw Failure(std::string("its attribute '") + name + "' is not an integer");
  }
  std::int64_t value = 0;
  checked(H5Aread(attribute, H5T_NATIVE_INT64, &value));
  return value;
}

std::vector<std::string> attribute_names(hid_t object) {
  std::vector<std::string> names;
  Callback add([&](hid_t, const char* name, const H5A_info_t*) -> herr_t {
    names.emplace_back(name);
    return 0;
  });
  const herr_t done = H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, add.call<hid_t, const char*, const H5A_info_t*>, &add);
  add.rethrow();
  checked(done);
  return names;
}

Properties array_properties() {
  Properties properties(H5Pcreate(H5P_DATASET_CREATE));
  checked(H5Pset_obj_track_times(properties, false));
  checked(H5Pset_layout(properties, H5D_CONTIGUOUS));
  return properties;
}

Properties file_properties() {
  Properties properties(H5Pcreate(H5P_FILE_CREATE));
  checked(H5Pset_obj_track_times(properties, false));
  checked(H5Pset_link_creation_order(properties, creation_order));
  return properties;
}

Properties unlocked_access() {
  Properties access(H5Pcreate(H5P_FILE_ACCESS));
  checked(H5Pset_file_locking(access, false, true));
  checked(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG));
  return access;
}

Dataset make_array(hid_t group, const std::string& name, hid_t type, std::span<const hsize_t> shape, hid_t properties) {
  return Dataset(H5Dcreate2(group, name.c_str(), type, space_of(shape), H5P_DEFAULT, properties, H5P_DEFAULT));
}

void describe(hid_t dataset, const std::string& unit, const std::string& long_name) {
  if (!unit.empty()) {
    set_attribute(dataset, "units", unit);
  }
  if (!long_name.empty()) {
    set_attribute(dataset, "long_name", long_name);
  }
}

namespace {

void write_values(hid_t dataset, std::span<const double> values) {
  checked(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()));
}

void write_values(hid_t dataset, std::span<const std::int64_t> values) {
  checked(H5Dwrite(dataset, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()));
}

void write_values(hid_t dataset, std::span<const std::string> values) {
  std::vector<const char*> texts;
  texts.reserve(values.size());
  for (const std::string& value : values) {
    texts.push_back(value.c_str());
  }
  checked(H5Dwrite(dataset, text_type(), H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()));
}

Type stored_type(std::span<const double>) { return Type(H5Tcopy(H5T_IEEE_F64LE)); }
Type stored_type(std::span<const std::int64_t>) { return Type(H5Tcopy(H5T_STD_I64LE)); }
Type stored_type(std::span<const std::string>) { return text_type(); }

} // namespace

bool is_coordinate(const Variable& variable) {
  return variable.dimensions.size() == 1 && variable.dimensions.front() == variable.name;
}

std::size_t count_of(const Variable& variable) {
  return std::visit([](const auto& values) { return values.size(); }, variable.values);
}

void ArrayGroup::add_coordinate(const Variable& variable) {
  const Dataset& dataset = add_array(variable, {count_of(variable)});
  checked(H5DSset_scale(dataset, variable.name.c_str()));
  lengths_[variable.name] = count_of(variable);
}

void ArrayGroup::add(const Variable& variable) { attach(add_array(variable, shape_of(variable.dimensions)), variable.dimensions); }

Dataset& ArrayGroup::add_empty(const std::string& name, hid_t type, const std::vector<std::string>& dimensions, hid_t properties) {
  Dataset& dataset = datasets_.try_emplace(name, make_array(group_, name, type, shape_of(dimensions), properties)).first->second;
  attach(dataset, dimensions);
  return dataset;
}

std::vector<hsize_t> ArrayGroup::shape_of(const std::vector<std::string>& dimensions) const {
  std::vector<hsize_t> shape;
  shape.reserve(dimensions.size());
  for (const std::string& dimension : dimensions) {
    shape.push_back(lengths_.at(dimension));
  }
  return shape;
}

Dataset& ArrayGroup::add_array(const Variable& variable, const std::vector<hsize_t>& shape) {
  const Properties properties = array_properties();
  return std::visit(
      [&](const auto& values) -> Dataset& {
        Dataset dataset = make_array(group_, variable.name, stored_type(values), shape, properties);
        if (!values.empty()) {
          write_values(dataset, values);
        }
        describe(dataset, variable.unit, variable.long_name);
        return datasets_.try_emplace(variable.name, std::move(dataset)).first->second;
      },
      variable.values);
}

void ArrayGroup::attach(hid_t dataset, const std::vector<std::string>& dimensions) {
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    checked(H5DSattach_scale(dataset, datasets_.at(dimensions[i]), static_cast<unsigned>(i)));
  }
}

namespace {

std::size_t checked_count(hid_t dataset, std::uintmax_t file_size) {
  const Space space(H5Dget_space(dataset));
  const hssize_t count = checked(H5Sget_simple_extent_npoints(space));
  // Guards the memory against a damaged shape: what is stored is not compressed.
  if (static_cast<std::uintmax_t>(count) > file_size) {
    throw Failure("it is damaged: an array is larger than the file");
  }
  return static_cast<std::size_t>(count);
}

} // namespace

std::vector<double> read_numbers(hid_t group, const std::string& name, std::uintmax_t file_size) {
  const Dataset dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT));
  std::vector<double> values(checked_count(dataset, file_size));
  if (!values.empty()) {
    checked(H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()));
  }
  return values;
}

std::vector<std::string> read_texts(hid_t group, const std::string& name, std::uintmax_t file_size) {
  const Dataset dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT));
  std::vector<char*> texts(checked_count(dataset, file_size), nullptr);
  if (texts.empty()) {
    return {};
  }
  const Type type = text_type();
  const Space space(H5Dget_space(dataset));
  checked(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()));
  std::vector<std::string> values;
  values.reserve(texts.size());
  for (const char* text : texts) {
    values.emplace_back(text == nullptr ? "" : text);
  }
  checked(H5Dvlen_reclaim(type, space, H5P_DEFAULT, texts.data()));
  return values;
}

std::vector<std::string> link_names(hid_t file) {
  std::vector<std::string> names;
  Callback add([&](hid_t, const char* name, const H5L_info_t*) -> herr_t {
    names.emplace_back(name);
    return 0;
  });
  const herr_t done = H5Literate(file, H5_INDEX_CRT_ORDER, H5_ITER_INC, nullptr, add.call<hid_t, const char*, const H5L_info_t*>, &add);
  add.rethrow();
  checked(done);
  return names;
}

std::vector<std::string> dimension_names(hid_t dataset) {
  const Space space(H5Dget_space(dataset));
  const int rank = checked(H5Sget_simple_extent_ndims(space));
  std::vector<std::string> names;
  Callback add([&](hid_t, unsigned, hid_t scale) -> herr_t {
    const ssize_t length = H5Iget_name(scale, nullptr, 0);
    if (length <= 1) {
      return -1;
    }
    std::string name(static_cast<std::size_t>(length), '\0');
    H5Iget_name(scale, name.data(), name.size() + 1);
    names.push_back(name.substr(1)); // without the root's slash
    return 1;
  });
  for (unsigned i = 0; i < static_cast<unsigned>(rank); ++i) {
    const herr_t done = H5DSiterate_scales(dataset, i, nullptr, add.call<hid_t, unsigned, hid_t>, &add);
    add.rethrow();
    checked(done);
    names.resize(i + 1); // no scale along a dimension: no name
  }
  return names;
}

} // namespace limbflow::core::storage
