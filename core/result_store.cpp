#include "core/result_store.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hdf5.h>
#include <hdf5_hl.h>

#include <boost/crc.hpp>

#include "core/apart.hpp"
#include "core/file_seal.hpp"
#include "core/version.hpp"

namespace limbflow::core {

namespace fs = std::filesystem;

StorageError::StorageError(fs::path path, std::string attempted, std::string reason)
    : std::runtime_error(path.string() + ": cannot " + attempted + ": " + reason), path_(std::move(path)),
      attempted_(std::move(attempted)), reason_(std::move(reason)) {}

namespace {

// ---- HDF5
// ---------------------------------------------------------------------------------------------------------------

// Why a step failed; becomes a StorageError where the path and the purpose are known.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The same, in the words of the HDF5 library.
struct Hdf5Failure : Failure {
  using Failure::Failure;
};

[[noreturn]] void fail_with_errno() { throw Failure(std::strerror(errno)); }

// The HDF5 library may have been built without locks of its own.
std::mutex& hdf5_mutex() {
  static std::mutex mutex;
  return mutex;
}

// While it lives HDF5 prints nothing and no other thread of ours is inside it.
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

// The innermost complaint of the library; of a system call's, the system's own words.
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
  return innermost.empty() ? "the HDF5 library gives no reason" : innermost;
}

template <class Result> Result checked(Result result) {
  if (result < 0) {
    throw Hdf5Failure(hdf5_reason());
  }
  return result;
}

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

// ---- arrays
// -------------------------------------------------------------------------------------------------------------

// Root groups and groups remember the order in which arrays were made: readers show them in that order.
constexpr unsigned creation_order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;

// Dates are kept out of object headers: the same content is the same bytes.
Properties array_properties() {
  Properties properties(H5Pcreate(H5P_DATASET_CREATE));
  checked(H5Pset_obj_track_times(properties, false));
  checked(H5Pset_layout(properties, H5D_CONTIGUOUS));
  return properties;
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

bool is_coordinate(const Variable& variable) {
  return variable.dimensions.size() == 1 && variable.dimensions.front() == variable.name;
}

std::size_t count_of(const Variable& variable) {
  return std::visit([](const auto& values) { return values.size(); }, variable.values);
}

// A set of arrays that share dimensions, in one group of a file.
class ArrayGroup {
public:
  explicit ArrayGroup(hid_t group) : group_(group) {}

  void add_coordinate(const Variable& variable) {
    const Dataset& dataset = add_array(variable, {count_of(variable)});
    checked(H5DSset_scale(dataset, variable.name.c_str()));
    lengths_[variable.name] = count_of(variable);
  }

  void add(const Variable& variable) {
    attach(add_array(variable, shape_of(variable.dimensions)), variable.dimensions);
  }

  // An array without values yet.
  Dataset& add_empty(const std::string& name, hid_t type, const std::vector<std::string>& dimensions,
                     hid_t properties) {
    Dataset& dataset =
        datasets_.try_emplace(name, make_array(group_, name, type, shape_of(dimensions), properties)).first->second;
    attach(dataset, dimensions);
    return dataset;
  }

  std::vector<hsize_t> shape_of(const std::vector<std::string>& dimensions) const {
    std::vector<hsize_t> shape;
    for (const std::string& dimension : dimensions) {
      shape.push_back(lengths_.at(dimension));
    }
    return shape;
  }

private:
  Dataset& add_array(const Variable& variable, const std::vector<hsize_t>& shape) {
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

  void attach(hid_t dataset, const std::vector<std::string>& dimensions) {
    for (std::size_t i = 0; i < dimensions.size(); ++i) {
      checked(H5DSattach_scale(dataset, datasets_.at(dimensions[i]), static_cast<unsigned>(i)));
    }
  }

  hid_t group_;
  std::map<std::string, Dataset> datasets_;
  std::map<std::string, hsize_t> lengths_;
};

std::size_t checked_count(hid_t dataset, std::uintmax_t file_size) {
  const Space space(H5Dget_space(dataset));
  const hssize_t count = checked(H5Sget_simple_extent_npoints(space));
  // Guards the memory against a damaged shape: what is stored is not compressed.
  if (static_cast<std::uintmax_t>(count) > file_size) {
    throw Failure("it is damaged: an array is larger than the file");
  }
  return static_cast<std::size_t>(count);
}

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

// ---- provenance
// ---------------------------------------------------------------------------------------------------------

// Of SOURCE_DATE_EPOCH (reproducible-builds.org) where it is set, so that the same sweep gives the same file.
std::string utc_now() {
  const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
  const std::time_t now = epoch != nullptr ? static_cast<std::time_t>(std::strtoll(epoch, nullptr, 10)) : std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

void write_provenance(hid_t file, const std::string& kind, const Provenance& provenance, bool complete) {
  set_attribute(file, "title", provenance.title);
  set_attribute(file, "kind", kind);
  set_attribute(file, "format_version", result_format_version);
  set_attribute(file, "limbflow_version", std::string(version()));
  set_attribute(file, "revision", std::string(revision()));
  set_attribute(file, "source_hash", std::string(source_hash()));
  set_attribute(file, "created", provenance.created.empty() ? utc_now() : provenance.created);
  set_attribute(file, "complete", std::int64_t{complete});
  set_attribute(file, "scenario", provenance.scenario);

  const Properties properties(H5Pcreate(H5P_GROUP_CREATE));
  checked(H5Pset_obj_track_times(properties, false));
  checked(H5Pset_link_creation_order(properties, creation_order));
  const Group group(H5Gcreate2(file, "parameters", H5P_DEFAULT, properties, H5P_DEFAULT));
  std::vector<std::string> names, texts, units, sources, descriptions, distributions;
  std::vector<double> values, lows, highs;
  for (const Parameter& parameter : provenance.parameters) {
    names.push_back(parameter.name);
    texts.push_back(parameter.text);
    values.push_back(parameter.value);
    lows.push_back(parameter.low);
    highs.push_back(parameter.high);
    units.push_back(parameter.unit);
    sources.push_back(parameter.source);
    descriptions.push_back(parameter.description);
    distributions.push_back(parameter.distribution);
  }
  const std::vector<std::string> along{"parameter"};
  ArrayGroup arrays(group);
  arrays.add_coordinate({"parameter", "", "name of the parameter", along, names});
  arrays.add({"value", "", "value, in unit", along, values});
  arrays.add({"text", "", "value as written", along, texts});
  arrays.add({"low", "", "lower end of its range, in unit", along, lows});
  arrays.add({"high", "", "upper end of its range, in unit", along, highs});
  arrays.add({"unit", "", "unit of value, low and high", along, units});
  arrays.add({"source", "", "where the value comes from", along, sources});
  arrays.add({"description", "", "what the parameter stands for", along, descriptions});
  arrays.add({"distribution", "", "how it is distributed among people", along, distributions});
}

ResultHeader read_header_of(hid_t file, std::uintmax_t file_size) {
  if (H5Aexists(file, "limbflow_version") <= 0 || H5Aexists(file, "format_version") <= 0) {
    throw Failure("it is an HDF5 file, but not a limbflow result");
  }
  ResultHeader header;
  header.limbflow_version = text_attribute(file, "limbflow_version");
  header.format_version = integer_attribute(file, "format_version");
  if (header.format_version > result_format_version) {
    throw Failure("it has format " + std::to_string(header.format_version) + ", written by limbflow " +
                  header.limbflow_version + "; this version (" + std::string(version()) + ") reads up to format " +
                  std::to_string(result_format_version));
  }
  header.kind = text_attribute(file, "kind");
  header.revision = text_attribute(file, "revision");
  header.source_hash = optional_text(file, "source_hash"); // none in files of early builds
  header.complete = integer_attribute(file, "complete") != 0;
  header.provenance.title = text_attribute(file, "title");
  header.provenance.scenario = text_attribute(file, "scenario");
  header.provenance.created = text_attribute(file, "created");

  const Group group(H5Gopen2(file, "parameters", H5P_DEFAULT));
  const auto names = read_texts(group, "parameter", file_size);
  const auto texts = read_texts(group, "text", file_size);
  const auto values = read_numbers(group, "value", file_size);
  const auto lows = read_numbers(group, "low", file_size);
  const auto highs = read_numbers(group, "high", file_size);
  const auto units = read_texts(group, "unit", file_size);
  const auto sources = read_texts(group, "source", file_size);
  const auto descriptions = read_texts(group, "description", file_size);
  const auto distributions = read_texts(group, "distribution", file_size);
  for (const std::size_t count : {texts.size(), values.size(), lows.size(), highs.size(), units.size(), sources.size(),
                                  descriptions.size(), distributions.size()}) {
    if (count != names.size()) {
      throw Failure("it is damaged: its table of parameters has columns of different lengths");
    }
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    header.provenance.parameters.push_back(
        {names[i], values[i], lows[i], highs[i], units[i], sources[i], descriptions[i], distributions[i], texts[i]});
  }
  return header;
}

// ---- files
// --------------------------------------------------------------------------------------------------------------

class Descriptor {
public:
  explicit Descriptor(int fd) : fd_(fd) {
    if (fd_ < 0) {
      fail_with_errno();
    }
  }
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  operator int() const { return fd_; }

private:
  int fd_;
};

// `put(bytes, count, done)` writes some of what is left and returns how much, as write(2) does.
template <class Put> void write_all(const void* data, std::size_t size, Put put) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t written = put(static_cast<const char*>(data) + done, size - done, done);
    if (written < 0 && errno != EINTR) {
      fail_with_errno();
    }
    done += written > 0 ? static_cast<std::size_t>(written) : 0;
  }
}

void write_at(int fd, std::uint64_t offset, const void* data, std::size_t size) {
  write_all(data, size, [&](const char* bytes, std::size_t count, std::size_t done) {
    return ::pwrite(fd, bytes, count, static_cast<off_t>(offset + done));
  });
}

void read_at(int fd, std::uint64_t offset, void* data, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = ::pread(fd, static_cast<char*>(data) + done, size - done, static_cast<off_t>(offset + done));
    if (count == 0) {
      throw Failure("it ends too early");
    }
    if (count < 0 && errno != EINTR) {
      fail_with_errno();
    }
    done += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
}

// Claims disk space now, so that want of it is found before work is done and not in the middle of a change.
void reserve(int fd, std::uint64_t begin, std::uint64_t size) {
  if (const int error = ::posix_fallocate(fd, static_cast<off_t>(begin), static_cast<off_t>(size)); error != 0) {
    throw Failure(std::strerror(error));
  }
}

std::uint64_t size_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    fail_with_errno();
  }
  return static_cast<std::uint64_t>(status.st_size);
}

// A file beside its final place that vanishes unless it is moved there.
class TemporaryFile {
public:
  explicit TemporaryFile(const fs::path& target) : target_(target) {
    path_ = target.string() + ".part-XXXXXX";
    // Made with the permissions that any new file gets, which mkstemp does not.
    for (int attempt = 0;; ++attempt) {
      path_.replace(path_.size() - 6, 6, std::to_string(100000 + (::getpid() * 64 + attempt) % 900000));
      const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (fd >= 0 || errno != EEXIST || attempt == 63) {
        descriptor_.emplace(fd);
        return;
      }
    }
  }
  ~TemporaryFile() {
    if (!path_.empty()) {
      ::unlink(path_.c_str());
    }
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }
  int descriptor() const { return *descriptor_; }

  void move_to_target() {
    if (::rename(path_.c_str(), target_.c_str()) != 0) {
      fail_with_errno();
    }
    path_.clear();
  }

  // Keeps a target that appeared meanwhile.
  void move_to_free_target() {
    if (::link(path_.c_str(), target_.c_str()) == 0) {
      ::unlink(path_.c_str());
      path_.clear();
    } else if (errno == EEXIST) {
      fail_with_errno();
    } else { // a file system without hard links
      move_to_target();
    }
  }

private:
  fs::path target_;
  std::string path_;
  std::optional<Descriptor> descriptor_;
};

// Where a path leads to: a link is followed, so that its target is replaced and not the link.
fs::path resolved(const fs::path& path) {
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  return error ? path : target;
}

// Runs a step, giving what goes wrong the path and the purpose.
template <class Step> auto attempt(const fs::path& path, const char* purpose, Step step) {
  try {
    return step();
  } catch (const Failure& failure) {
    throw StorageError(path, purpose, failure.what());
  } catch (const std::system_error& error) {
    throw StorageError(path, purpose, error.code().message());
  }
}

void require_regular_file(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    throw Failure(error ? error.message() : "No such file or directory");
  }
  if (!fs::is_regular_file(status)) {
    throw Failure(fs::is_directory(status) ? "it is a directory" : "it is not a regular file");
  }
}

// Locks are ours to keep (see `lock`); HDF5's own would keep readers away from a sweep in progress.
Properties unlocked_access() {
  Properties access(H5Pcreate(H5P_FILE_ACCESS));
  checked(H5Pset_file_locking(access, false, true));
  checked(H5Pset_fclose_degree(access, H5F_CLOSE_STRONG));
  return access;
}

Properties file_properties() {
  Properties properties(H5Pcreate(H5P_FILE_CREATE));
  checked(H5Pset_obj_track_times(properties, false));
  checked(H5Pset_link_creation_order(properties, creation_order));
  return properties;
}

} // namespace

// ---- run files
// ----------------------------------------------------------------------------------------------------------

namespace {

void check_variables(std::span<const Variable> variables) {
  std::map<std::string_view, std::size_t> lengths;
  std::set<std::string_view> names{"parameters"};
  for (const Variable& variable : variables) {
    if (variable.name.empty() || variable.name.find('/') != std::string::npos || !names.insert(variable.name).second) {
      throw std::invalid_argument("'" + variable.name + "' cannot be the name of a variable, or is there twice");
    }
    if (is_coordinate(variable)) {
      lengths[variable.name] = count_of(variable);
    }
  }
  for (const Variable& variable : variables) {
    std::size_t count = 1;
    for (const std::string& dimension : variable.dimensions) {
      const auto length = lengths.find(dimension);
      if (length == lengths.end()) {
        throw std::invalid_argument("variable " + variable.name + ": dimension " + dimension + " has no coordinate");
      }
      count *= length->second;
    }
    if (count_of(variable) != count) {
      throw std::invalid_argument("variable " + variable.name + " has " + std::to_string(count_of(variable)) +
                                  " values, its dimensions ask for " + std::to_string(count));
    }
  }
}

// The file as bytes. Made in memory: HDF5 cannot let go of a file whose disk is full.
std::vector<char> run_image(const Provenance& provenance, std::span<const Variable> variables) {
  const Hdf5Session session;
  std::size_t bytes = 0;
  for (const Variable& variable : variables) {
    bytes += count_of(variable) * sizeof(double);
  }
  const Properties access(H5Pcreate(H5P_FILE_ACCESS));
  checked(H5Pset_fapl_core(access, bytes + (std::size_t{1} << 20), false));
  const File file(H5Fcreate("run", H5F_ACC_TRUNC, file_properties(), access));
  write_provenance(file, "run", provenance, true);
  {
    ArrayGroup arrays(file);
    for (const Variable& variable : variables) {
      if (is_coordinate(variable)) {
        arrays.add_coordinate(variable);
      }
    }
    for (const Variable& variable : variables) {
      if (!is_coordinate(variable)) {
        arrays.add(variable);
      }
    }
  }
  checked(H5Fflush(file, H5F_SCOPE_GLOBAL));
  std::vector<char> image(static_cast<std::size_t>(checked(H5Fget_file_image(file, nullptr, 0))));
  checked(H5Fget_file_image(file, image.data(), image.size()));
  return image;
}

} // namespace

void write_run(const fs::path& path, const Provenance& provenance, std::span<const Variable> variables) {
  check_variables(variables);
  attempt(path, "write the run", [&] {
    const std::vector<char> image = run_image(provenance, variables);
    const SealLine seal(image.data(), image.size());
    const auto put_all = [&](int fd) {
      const auto put = [&](const char* bytes, std::size_t count, std::size_t) { return ::write(fd, bytes, count); };
      write_all(image.data(), image.size(), put);
      write_all(seal.data(), SealLine::size, put);
    };
    const fs::path target = resolved(path);
    std::error_code error;
    const fs::file_status status = fs::status(target, error);
    if (fs::is_directory(status)) {
      throw Failure("it is a directory");
    }
    if (fs::exists(status) && !fs::is_regular_file(status)) {
      put_all(Descriptor(::open(target.c_str(), O_WRONLY | O_CLOEXEC)));
      return;
    }
    TemporaryFile temporary(target);
    put_all(temporary.descriptor());
    if (::fsync(temporary.descriptor()) != 0) {
      fail_with_errno();
    }
    temporary.move_to_target();
  });
}

// ---- sweep files
// --------------------------------------------------------------------------------------------------------

namespace {

constexpr const char* status_name = "status";
constexpr const char* message_name = "message";
constexpr const char* integrity_name = "integrity"; // a group, out of the sight of readers of datasets
constexpr const char* checksum_name = "member_checksum";
constexpr const char* layout_name = "layout_fingerprint";
// An element of an array of texts: length, address and number of an object in the file's heap.
constexpr std::size_t stored_text_size = 16;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// 64-bit FNV-1a of texts and numbers, one after the other.
class Fingerprint {
public:
  void add(std::string_view text) {
    for (const char c : text) {
      hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    hash_ = (hash_ ^ 0xff) * 0x100000001b3; // not a byte of UTF-8: keeps neighbours apart
  }
  template <class Number> void add_number(Number value) {
    std::array<char, 32> digits;
    add({digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr});
  }
  std::uint64_t value() const { return hash_; }
  std::string text() const {
    std::array<char, 16> digits;
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), hash_, 16).ptr};
  }

private:
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

// Of everything that decides what the members' values are, besides the build.
std::string fingerprint_of(const SweepPlan& plan, const std::vector<SummaryInfo>& summaries,
                           const Provenance& provenance) {
  Fingerprint fingerprint;
  fingerprint.add(provenance.scenario);
  for (const Parameter& parameter : provenance.parameters) {
    fingerprint.add(parameter.name);
    fingerprint.add_number(parameter.value);
    fingerprint.add(parameter.unit);
  }
  for (const std::string& input : provenance.inputs) {
    fingerprint.add(input);
  }
  for (const Axis& axis : plan.axes()) {
    fingerprint.add(axis.name);
    for (const Coordinate& coordinate : axis.coordinates) {
      fingerprint.add(coordinate.name);
      fingerprint.add(coordinate.key);
      for (std::size_t point = 0; point < coordinate.size(); ++point) {
        fingerprint.add(coordinate.text(point));
      }
    }
  }
  for (const SummaryInfo& summary : summaries) {
    fingerprint.add(summary.name);
    fingerprint.add(summary.unit);
  }
  return fingerprint.text();
}

void check_names(const SweepPlan& plan, const std::vector<SummaryInfo>& summaries) {
  std::set<std::string_view> names{"parameters", integrity_name, status_name, message_name};
  const auto add = [&](const std::string& name) {
    if (name.empty() || name.find('/') != std::string::npos || !names.insert(name).second) {
      throw std::invalid_argument("'" + name + "' cannot be the name of an axis or summary, or is there twice");
    }
  };
  for (const Axis& axis : plan.axes()) {
    if (axis.is_zipped()) {
      add(axis.name);
    }
    for (const Coordinate& coordinate : axis.coordinates) {
      add(coordinate.name);
    }
  }
  for (const SummaryInfo& summary : summaries) {
    add(summary.name);
  }
}

// Makes a sweep file whose arrays have their place but not yet their values.
void lay_out_sweep(const std::string& path, const SweepPlan& plan, const std::vector<SummaryInfo>& summaries,
                   const Provenance& provenance) {
  const Hdf5Session session;
  File file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, file_properties(), unlocked_access()));
  {
    write_provenance(file, "sweep", provenance, false);
    set_attribute(file, "fingerprint", fingerprint_of(plan, summaries, provenance));

    ArrayGroup arrays(file);
    std::vector<std::string> dimensions, axis_names, coordinate_names;
    std::string auxiliary; // coordinates that are not dimensions, in the way of the CF conventions
    for (const Axis& axis : plan.axes()) {
      dimensions.push_back(axis.name);
      if (axis.is_zipped()) {
        std::vector<std::int64_t> numbers(axis.size());
        std::iota(numbers.begin(), numbers.end(), 0);
        arrays.add_coordinate({axis.name, "", "number of the point", {axis.name}, numbers});
      }
      for (const Coordinate& coordinate : axis.coordinates) {
        Variable variable{coordinate.name, coordinate.unit, coordinate.key, {axis.name}, std::span(coordinate.values)};
        if (!coordinate.labels.empty()) {
          variable.values = std::span(coordinate.labels);
        }
        if (axis.is_zipped()) {
          arrays.add(variable);
          auxiliary += (auxiliary.empty() ? "" : " ") + coordinate.name;
        } else {
          arrays.add_coordinate(variable);
        }
        const Dataset dataset(H5Dopen2(file, coordinate.name.c_str(), H5P_DEFAULT));
        set_attribute(dataset, "key", coordinate.key);
      }
    }

    const Properties numbers = array_properties();
    checked(H5Pset_alloc_time(numbers, H5D_ALLOC_TIME_EARLY));
    checked(H5Pset_fill_time(numbers, H5D_FILL_TIME_NEVER));
    checked(H5Pset_fill_value(numbers, H5T_NATIVE_DOUBLE, &not_a_number));
    const auto finish_array = [&](hid_t dataset, const std::string& unit, const std::string& long_name) {
      describe(dataset, unit, long_name);
      if (!auxiliary.empty()) {
        set_attribute(dataset, "coordinates", auxiliary);
      }
    };
    for (const SummaryInfo& summary : summaries) {
      const Dataset& dataset = arrays.add_empty(summary.name, H5T_NATIVE_DOUBLE, dimensions, numbers);
      finish_array(dataset, summary.unit, summary.long_name);
    }

    const Properties others = array_properties();
    checked(H5Pset_alloc_time(others, H5D_ALLOC_TIME_EARLY));
    checked(H5Pset_fill_time(others, H5D_FILL_TIME_NEVER));
    const Dataset& status = arrays.add_empty(status_name, H5T_NATIVE_INT8, dimensions, others);
    finish_array(status, "", "how the member stands");
    std::vector<std::int8_t> flags(member_status_count);
    std::iota(flags.begin(), flags.end(), std::int8_t{0});
    const std::array<hsize_t, 1> flag_count{flags.size()};
    const Attribute flag_values(
        H5Acreate2(status, "flag_values", H5T_STD_I8LE, space_of(flag_count), H5P_DEFAULT, H5P_DEFAULT));
    checked(H5Awrite(flag_values, H5T_NATIVE_INT8, flags.data()));
    std::string meanings;
    for (const std::int8_t flag : flags) {
      meanings += (meanings.empty() ? "" : " ") + std::string(to_string(static_cast<MemberStatus>(flag)));
    }
    set_attribute(status, "flag_meanings", meanings);

    const Properties texts = array_properties();
    checked(H5Pset_alloc_time(texts, H5D_ALLOC_TIME_EARLY));
    const Dataset& message = arrays.add_empty(message_name, text_type(), dimensions, texts);
    finish_array(message, "", "why the member did not complete");

    const Properties group_properties(H5Pcreate(H5P_GROUP_CREATE));
    checked(H5Pset_obj_track_times(group_properties, false));
    const Group integrity(H5Gcreate2(file, integrity_name, H5P_DEFAULT, group_properties, H5P_DEFAULT));
    set_attribute(integrity, layout_name, std::int64_t{0}); // known when all has its place
    const std::array<hsize_t, 1> members{plan.size()};
    const Dataset checksums = make_array(integrity, checksum_name, H5T_STD_U64LE, members, others);
    describe(checksums, "", "CRC-64 of the member's values, status and message");
  }
  file.close_checked();
}

std::vector<std::string> link_names(hid_t file) {
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5L_info_t*, void* data) -> herr_t {
    static_cast<std::vector<std::string>*>(data)->emplace_back(name);
    return 0;
  };
  checked(H5Literate(file, H5_INDEX_CRT_ORDER, H5_ITER_INC, nullptr, add, &names));
  return names;
}

// Names of the dimension scales along each dimension of an array.
std::vector<std::string> dimension_names(hid_t dataset) {
  const Space space(H5Dget_space(dataset));
  const int rank = checked(H5Sget_simple_extent_ndims(space));
  std::vector<std::string> names(static_cast<std::size_t>(rank));
  const auto keep_name = [](hid_t, unsigned, hid_t scale, void* data) -> herr_t {
    const ssize_t length = H5Iget_name(scale, nullptr, 0);
    if (length <= 1) {
      return -1;
    }
    std::string name(static_cast<std::size_t>(length), '\0');
    H5Iget_name(scale, name.data(), name.size() + 1);
    *static_cast<std::string*>(data) = name.substr(1); // without the root's slash
    return 1;
  };
  for (unsigned i = 0; i < names.size(); ++i) {
    checked(H5DSiterate_scales(dataset, i, nullptr, keep_name, &names[i]));
  }
  return names;
}

} // namespace

struct SweepStore::Impl {
  fs::path path;
  Descriptor file;
  SweepPlan plan;
  std::vector<SummaryInfo> summaries;
  ResultHeader header;
  std::string fingerprint;
  std::vector<std::uint64_t> value_offsets; // of each summary's array in the file
  std::uint64_t status_offset;
  std::uint64_t checksum_offset; // 0: format 1, which has none
  std::vector<MemberStatus> statuses;
};

namespace {

// What is written to a file that lost its name would be lost with it.
void require_still_there(const fs::path& path, int fd) {
  struct stat named {}, opened {};
  if (::fstat(fd, &opened) != 0) {
    fail_with_errno();
  }
  if (::stat(path.c_str(), &named) != 0 || named.st_dev != opened.st_dev || named.st_ino != opened.st_ino) {
    throw Failure("the file was removed, moved or replaced");
  }
}

// One writer at a time. An open-file-description lock: it keeps out a second store in this process too, ends with the
// process, and does not hinder readers, whose HDF5 uses flock.
void lock(int fd) {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(fd, F_OFD_SETLK, &whole) != 0) {
    if (errno == EAGAIN || errno == EACCES) {
      throw Failure("another sweep is writing to it");
    }
    fail_with_errno();
  }
}

void unlock(int fd) {
  struct flock whole {};
  whole.l_type = F_UNLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(fd, F_OFD_SETLK, &whole) != 0) {
    fail_with_errno();
  }
}

// Offset of an array of one value a member that lies in the file in one piece.
std::uint64_t offset_of(hid_t dataset, std::size_t members, std::size_t value_size, std::uint64_t file_size) {
  const Space space(H5Dget_space(dataset));
  const haddr_t offset = H5Dget_offset(dataset);
  if (static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)) != members ||
      H5Dget_storage_size(dataset) != members * value_size || offset == HADDR_UNDEF || offset > file_size ||
      members * value_size > file_size - offset) {
    throw Failure("it is damaged: an array does not have the size of the sweep");
  }
  return offset;
}

// A process that was ended while it wrote messages leaves references to texts that are not in the file; HDF5 would
// follow them when it writes there again. Members whose messages are whole are no longer pending.
void forget_messages_of_pending(int fd, std::uint64_t message_offset, const std::vector<MemberStatus>& statuses) {
  std::vector<char> references(statuses.size() * stored_text_size);
  read_at(fd, message_offset, references.data(), references.size());
  const std::array<char, stored_text_size> none{};
  for (std::size_t member = 0; member < statuses.size(); ++member) {
    const std::size_t at = member * stored_text_size;
    if (statuses[member] == MemberStatus::pending &&
        !std::equal(none.begin(), none.end(), references.begin() + static_cast<std::ptrdiff_t>(at))) {
      write_at(fd, message_offset + at, none.data(), none.size());
    }
  }
}

struct SweepLayout {
  std::vector<Axis> axes;
  std::vector<SummaryInfo> summaries;
  ResultHeader header;
  std::string fingerprint;
  std::vector<std::uint64_t> value_offsets;
  std::uint64_t status_offset = 0, message_offset = 0, checksum_offset = 0;
  std::size_t members = 0;
  std::uint64_t layout_fingerprint = 0; // as it is
  std::uint64_t stated_fingerprint = 0; // as it was when the file was made
};

// Texts and whole numbers among the attributes of an object, less those that change while a sweep is under way and those of the build,
// which a resumed sweep is compared with on its own.
void add_attributes(Fingerprint& fingerprint, hid_t object) {
  const auto add = [](hid_t of, const char* name, const H5A_info_t*, void* data) -> herr_t {
    static constexpr std::array<std::string_view, 4> changing{"complete", "limbflow_version", "source_hash", layout_name};
    if (std::find(changing.begin(), changing.end(), name) == changing.end()) {
      auto& found = *static_cast<std::vector<std::string>*>(data);
      const Attribute attribute(H5Aopen(of, name, H5P_DEFAULT));
      const Type type(H5Aget_type(attribute));
      const Space space(H5Aget_space(attribute));
      if (H5Sget_simple_extent_npoints(space) == 1 && H5Tis_variable_str(type) > 0) {
        found.push_back(std::string(name) + "=" + text_attribute(of, name));
      } else if (H5Sget_simple_extent_npoints(space) == 1 && H5Tget_class(type) == H5T_INTEGER) {
        found.push_back(std::string(name) + "=" + std::to_string(integer_attribute(of, name)));
      }
    }
    return 0;
  };
  std::vector<std::string> found;
  checked(H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &found));
  for (const std::string& text : found) {
    fingerprint.add(text);
  }
}

void add_array(Fingerprint& fingerprint, const std::string& name, hid_t dataset) {
  const Type type(H5Dget_type(dataset));
  const Space space(H5Dget_space(dataset));
  fingerprint.add(name);
  fingerprint.add_number(static_cast<int>(H5Tget_class(type)));
  fingerprint.add_number(H5Tget_size(type));
  fingerprint.add_number(static_cast<int>(H5Tget_order(type)));
  fingerprint.add_number(checked(H5Sget_simple_extent_npoints(space)));
  fingerprint.add_number(H5Dget_offset(dataset));
  add_attributes(fingerprint, dataset);
  if (H5DSis_scale(dataset) <= 0) {
    for (const std::string& dimension : dimension_names(dataset)) {
      fingerprint.add(dimension);
    }
  }
}

SweepLayout read_layout_of(hid_t file, std::uint64_t file_size) {
  SweepLayout layout;
  Fingerprint fingerprint;
  layout.header = read_header_of(file, file_size);
  if (layout.header.kind != "sweep") {
    throw Failure("it holds a " + layout.header.kind + ", not a sweep");
  }
  layout.fingerprint = text_attribute(file, "fingerprint");

  const Dataset status(H5Dopen2(file, status_name, H5P_DEFAULT));
  for (std::string& name : dimension_names(status)) {
    layout.axes.push_back({std::move(name), {}});
  }
  const Space space(H5Dget_space(status));
  const auto members = static_cast<std::size_t>(checked(H5Sget_simple_extent_npoints(space)));
  layout.members = members;
  layout.status_offset = offset_of(status, members, sizeof(MemberStatus), file_size);
  const Dataset message(H5Dopen2(file, message_name, H5P_DEFAULT));
  layout.message_offset = offset_of(message, members, stored_text_size, file_size);

  for (const std::string& name : link_names(file)) {
    if (name == "parameters" || name == integrity_name) {
      continue;
    }
    const Dataset dataset(H5Dopen2(file, name.c_str(), H5P_DEFAULT));
    add_array(fingerprint, name, dataset);
    if (name == status_name || name == message_name) {
      continue;
    }
    if (H5Aexists(dataset, "key") > 0) {
      const Type type(H5Dget_type(dataset));
      Coordinate coordinate{name, text_attribute(dataset, "key"), optional_text(dataset, "units"), {}, {}};
      if (H5Tget_class(type) == H5T_STRING) {
        coordinate.labels = read_texts(file, name, file_size);
      } else {
        coordinate.values = read_numbers(file, name, file_size);
      }
      const bool is_dimension = H5DSis_scale(dataset) > 0;
      const std::vector<std::string> along = is_dimension ? std::vector{name} : dimension_names(dataset);
      const auto axis = std::find_if(layout.axes.begin(), layout.axes.end(),
                                     [&](const Axis& a) { return along == std::vector{a.name}; });
      if (axis == layout.axes.end()) {
        throw Failure("it is damaged: the axis of '" + name + "' is missing");
      }
      axis->coordinates.push_back(std::move(coordinate));
    } else if (H5DSis_scale(dataset) <= 0) {
      layout.summaries.push_back({name, optional_text(dataset, "units"), optional_text(dataset, "long_name")});
      layout.value_offsets.push_back(offset_of(dataset, members, sizeof(double), file_size));
    }
  }

  if (layout.header.format_version >= 2) {
    const Group integrity(H5Gopen2(file, integrity_name, H5P_DEFAULT));
    layout.stated_fingerprint = static_cast<std::uint64_t>(integer_attribute(integrity, layout_name));
    const Dataset checksums(H5Dopen2(integrity, checksum_name, H5P_DEFAULT));
    add_array(fingerprint, checksum_name, checksums);
    layout.checksum_offset = offset_of(checksums, members, sizeof(std::uint64_t), file_size);
    add_attributes(fingerprint, file);
    for (const Parameter& parameter : layout.header.provenance.parameters) {
      for (const std::string& text : {parameter.name, parameter.unit, parameter.source, parameter.description,
                                      parameter.distribution, parameter.text}) {
        fingerprint.add(text);
      }
      for (const double number : {parameter.value, parameter.low, parameter.high}) {
        fingerprint.add_number(number);
      }
    }
    for (const Axis& axis : layout.axes) {
      for (const Coordinate& coordinate : axis.coordinates) {
        for (std::size_t point = 0; point < coordinate.size(); ++point) {
          fingerprint.add(coordinate.text(point));
        }
      }
    }
    layout.layout_fingerprint = fingerprint.value();
  }
  return layout;
}

void write_layout_fingerprint(const std::string& path, std::uint64_t value) {
  const Hdf5Session session;
  File file(H5Fopen(path.c_str(), H5F_ACC_RDWR, unlocked_access()));
  {
    const Group integrity(H5Gopen2(file, integrity_name, H5P_DEFAULT));
    const Attribute attribute(H5Aopen(integrity, layout_name, H5P_DEFAULT));
    const auto stored = static_cast<std::int64_t>(value);
    checked(H5Awrite(attribute, H5T_NATIVE_INT64, &stored));
  }
  file.close_checked();
}

SweepLayout read_layout(const fs::path& path, std::uint64_t file_size) {
  const Hdf5Session session;
  const File file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, unlocked_access()));
  return read_layout_of(file, file_size);
}

std::vector<MemberStatus> read_statuses(int fd, const SweepLayout& layout) {
  std::vector<MemberStatus> statuses(layout.members);
  read_at(fd, layout.status_offset, statuses.data(), statuses.size());
  for (const MemberStatus& status : statuses) {
    const auto code = static_cast<int>(status);
    if (code < 0 || code >= static_cast<int>(member_status_count)) {
      throw Failure("it is damaged: a member has the unknown status " + std::to_string(code));
    }
  }
  return statuses;
}

// ---- whether a file is whole
// --------------------------------------------------------------------------------------------

// Checksum of one member.
class MemberChecksum {
public:
  void add(double value) { checksum_.process_bytes(&value, sizeof value); }
  std::uint64_t finish(MemberStatus status, std::string_view message) {
    checksum_.process_bytes(&status, sizeof status);
    checksum_.process_bytes(message.data(), message.size());
    return checksum_.checksum();
  }

private:
  boost::crc_optimal<64, 0x42F0E1EBA9EA3693, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF, true, true> checksum_;
};

// Messages of members that are done; a process that was ended while it wrote may have left others that lead nowhere.
std::vector<std::string> messages_of_done(hid_t file, int fd, const SweepLayout& layout,
                                          const std::vector<MemberStatus>& statuses) {
  std::vector<char> references(layout.members * stored_text_size);
  read_at(fd, layout.message_offset, references.data(), references.size());
  std::vector<hsize_t> members;
  for (std::size_t member = 0; member < layout.members; ++member) {
    const auto begin = references.begin() + static_cast<std::ptrdiff_t>(member * stored_text_size);
    if (statuses[member] != MemberStatus::pending &&
        std::any_of(begin, begin + stored_text_size, [](char byte) { return byte != 0; })) {
      members.push_back(member);
    }
  }
  std::vector<std::string> messages(layout.members);
  if (members.empty()) {
    return messages;
  }
  const Dataset dataset(H5Dopen2(file, message_name, H5P_DEFAULT));
  const Space stored(H5Dget_space(dataset));
  const auto rank = static_cast<std::size_t>(checked(H5Sget_simple_extent_ndims(stored)));
  std::vector<hsize_t> shape(rank);
  checked(H5Sget_simple_extent_dims(stored, shape.data(), nullptr));
  std::vector<hsize_t> coordinates(members.size() * rank);
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (std::size_t axis = rank, rest = members[i]; axis-- > 0; rest /= shape[axis]) {
      coordinates[i * rank + axis] = rest % shape[axis];
    }
  }
  checked(H5Sselect_elements(stored, H5S_SELECT_SET, members.size(), coordinates.data()));
  const std::array<hsize_t, 1> count{members.size()};
  const Space wanted = space_of(count);
  const Type type = text_type();
  std::vector<char*> texts(members.size(), nullptr);
  checked(H5Dread(dataset, type, wanted, stored, H5P_DEFAULT, texts.data()));
  for (std::size_t i = 0; i < members.size(); ++i) {
    messages[members[i]] = texts[i] == nullptr ? "" : texts[i];
  }
  checked(H5Dvlen_reclaim(type, wanted, H5P_DEFAULT, texts.data()));
  return messages;
}

// Every member that is done is what was written of it.
void check_members(hid_t file, int fd, const SweepLayout& layout) {
  const std::vector<MemberStatus> statuses = read_statuses(fd, layout);
  const std::vector<std::string> messages = messages_of_done(file, fd, layout, statuses);
  constexpr std::size_t block = 4096;
  for (std::size_t begin = 0; begin < layout.members; begin += block) {
    const std::size_t count = std::min(block, layout.members - begin);
    std::vector<MemberChecksum> found(count);
    std::vector<double> column(count);
    for (const std::uint64_t offset : layout.value_offsets) {
      read_at(fd, offset + begin * sizeof(double), column.data(), count * sizeof(double));
      for (std::size_t i = 0; i < count; ++i) {
        found[i].add(column[i]);
      }
    }
    std::vector<std::uint64_t> stated(count);
    read_at(fd, layout.checksum_offset + begin * sizeof(std::uint64_t), stated.data(), count * sizeof(std::uint64_t));
    for (std::size_t i = 0; i < count; ++i) {
      const MemberStatus status = statuses[begin + i];
      if (status != MemberStatus::pending && found[i].finish(status, messages[begin + i]) != stated[i]) {
        throw Failure("it is damaged: the checksum of member " + std::to_string(begin + i) + " does not fit its values");
      }
    }
  }
}

// What a run or sweep is checked for before this process reads it; for the process apart.
void inspect(const fs::path& path, Seal seal) {
  constexpr const char* unsealed = "it is damaged: its checksum is missing: it was cut short or changed by another program";
  if (H5Fis_hdf5(path.c_str()) <= 0) {
    throw Failure("it is not an HDF5 file");
  }
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::uint64_t size = size_of(fd);
  const File file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, unlocked_access()));
  const ResultHeader header = read_header_of(file, size);
  if (header.kind != "sweep") {
    if (header.format_version >= 2 && seal == Seal::absent) {
      throw Failure(unsealed);
    }
    return;
  }
  const SweepLayout layout = read_layout_of(file, size);
  if (header.format_version < 2) {
    return;
  }
  if (layout.layout_fingerprint != layout.stated_fingerprint) {
    throw Failure("it is damaged: it is not laid out as when it was made");
  }
  if (seal == Seal::absent) {
    haddr_t end = 0;
    checked(H5Fget_eoa(file, &end));
    if (header.complete && (size < end || size >= end + SealLine::size)) { // a process may have ended before or within the seal
      throw Failure(unsealed);
    }
    check_members(file, fd, layout);
  }
}

// HDF5 crashes or hangs on some damaged files. What an intact seal does not vouch for is looked at value by value, and HDF5 reads every
// file in another process first.
void require_whole(const fs::path& path) {
  require_regular_file(path);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const Seal seal = check_seal(file);
  if (seal == Seal::broken) {
    throw Failure("it is damaged: its checksum does not fit its bytes");
  }
  constexpr std::uint64_t bytes_per_second = 1 << 23;
  const std::chrono::seconds processor_time(5 + size_of(file) / bytes_per_second);
  std::string problem;
  try {
    std::unique_lock lock(hdf5_mutex()); // so that no other thread is inside HDF5 when the process is copied
    problem = apart(
        [&] {
          lock.unlock();
          const Hdf5Session session;
          try {
            inspect(path, seal);
          } catch (const Hdf5Failure& failure) {
            return std::string("it is cut short or damaged: ") + failure.what();
          } catch (const Failure& failure) {
            return std::string(failure.what());
          }
          return std::string();
        },
        processor_time);
  } catch (const std::system_error&) {
    throw;
  } catch (const Ended& error) {
    throw Failure(std::string("it could not be checked: reading it ") + error.what() + "; try again");
  } catch (const std::runtime_error& error) {
    throw Failure(std::string("it is damaged: reading it ") + error.what());
  }
  if (!problem.empty()) {
    throw Failure(problem);
  }
}

} // namespace

ResultHeader read_header(const fs::path& path) {
  return attempt(path, "read the result", [&] {
    require_whole(path);
    const Hdf5Session session;
    const File file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, unlocked_access()));
    return read_header_of(file, fs::file_size(path));
  });
}

SweepStore::SweepStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SweepStore::SweepStore(SweepStore&&) noexcept = default;
SweepStore& SweepStore::operator=(SweepStore&&) noexcept = default;
SweepStore::~SweepStore() = default;

SweepStore SweepStore::create(const fs::path& path, const SweepPlan& plan, const std::vector<SummaryInfo>& summaries,
                              const Provenance& provenance) {
  check_names(plan, summaries);
  const std::size_t members = plan.size();
  attempt(path, "create the sweep", [&] {
    std::error_code error;
    if (fs::exists(fs::symlink_status(path, error))) {
      throw Failure(fs::is_directory(path, error) ? "it is a directory" : "there is a file of this name");
    }
    TemporaryFile temporary(path);
    // Laying out is then sure of its space: HDF5 cannot let go of a file whose disk is full.
    const std::uint64_t bytes =
        members * (summaries.size() * sizeof(double) + sizeof(MemberStatus) + stored_text_size + sizeof(std::uint64_t)) +
        provenance.scenario.size() + 1024 * (64 + provenance.parameters.size() + summaries.size());
    reserve(temporary.descriptor(), 0, bytes);
    lay_out_sweep(temporary.path(), plan, summaries, provenance);

    const int fd = temporary.descriptor();
    const SweepLayout layout = read_layout(temporary.path(), size_of(fd));
    write_layout_fingerprint(temporary.path(), layout.layout_fingerprint);
    reserve(fd, 0, size_of(fd));
    const std::vector<double> empty(std::min<std::size_t>(members, 1 << 16), not_a_number);
    for (const std::uint64_t offset : layout.value_offsets) {
      for (std::size_t member = 0; member < members; member += empty.size()) {
        write_at(fd, offset + member * sizeof(double), empty.data(),
                 std::min(empty.size(), members - member) * sizeof(double));
      }
    }
    if (::fsync(fd) != 0) {
      fail_with_errno();
    }
    temporary.move_to_free_target();
  });
  return open(path);
}

SweepStore SweepStore::open(const fs::path& path) {
  return attempt(path, "open the sweep", [&] {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      throw Failure("it is a directory");
    }
    Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    lock(file);
    unlock(file); // a child has a part in its parent's locks, and may outlive it by a moment
    require_whole(path);
    lock(file);
    SweepLayout layout = read_layout(path, size_of(file));
    std::optional<SweepPlan> plan;
    try {
      plan.emplace(std::move(layout.axes));
    } catch (const std::exception& problem) {
      throw Failure(std::string("it is damaged: ") + problem.what());
    }
    std::vector<MemberStatus> statuses = read_statuses(file, layout);
    forget_messages_of_pending(file, layout.message_offset, statuses);
    return SweepStore(std::unique_ptr<Impl>(new Impl{
        path, std::move(file), std::move(*plan), std::move(layout.summaries), std::move(layout.header),
        std::move(layout.fingerprint), std::move(layout.value_offsets), layout.status_offset, layout.checksum_offset, std::move(statuses)}));
  });
}

SweepStore SweepStore::create_or_resume(const fs::path& path, const SweepPlan& plan,
                                        const std::vector<SummaryInfo>& summaries, const Provenance& provenance) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    return create(path, plan, summaries, provenance);
  }
  SweepStore store = open(path);
  const ResultHeader& header = store.impl_->header;
  const auto refuse = [&](const std::string& why) { throw StorageError(path, "resume the sweep", why); };
  if (header.limbflow_version != version() || header.source_hash != source_hash()) {
    const auto build = [](std::string_view of_version, std::string_view of_revision) {
      return std::string(of_version).append(" (").append(of_revision).append(")");
    };
    refuse("it was begun by another build of limbflow, " + build(header.limbflow_version, header.revision) +
           ", than this, " + build(version(), revision()) +
           ", and the members of one sweep come from one build: give the new sweep another file");
  }
  if (store.impl_->fingerprint != fingerprint_of(plan, summaries, provenance)) {
    refuse(std::string("the file holds another sweep (") +
           (header.provenance.scenario != provenance.scenario
                ? "its scenario is another"
                : "it has other axes, summaries, parameters or files that they name") +
           ")");
  }
  return store;
}

const fs::path& SweepStore::path() const { return impl_->path; }
const SweepPlan& SweepStore::plan() const { return impl_->plan; }
const std::vector<SummaryInfo>& SweepStore::summaries() const { return impl_->summaries; }
const Provenance& SweepStore::provenance() const { return impl_->header.provenance; }
const std::vector<MemberStatus>& SweepStore::statuses() const { return impl_->statuses; }

bool SweepStore::is_pending(std::size_t member) const { return impl_->statuses.at(member) == MemberStatus::pending; }

std::vector<std::size_t> SweepStore::pending_members() const {
  std::vector<std::size_t> members;
  for (std::size_t member = 0; member < impl_->statuses.size(); ++member) {
    if (is_pending(member)) {
      members.push_back(member);
    }
  }
  return members;
}

namespace {

// Messages are of any length, and the one thing that makes the file grow.
void write_messages(const fs::path& path, int fd, const SweepPlan& plan, const SweepRows& rows) {
  std::vector<hsize_t> coordinates;
  std::vector<const char*> texts;
  std::size_t bytes = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (!rows.messages[row].empty()) {
      const std::vector<std::size_t> points = plan.points(rows.begin + row);
      coordinates.insert(coordinates.end(), points.begin(), points.end());
      texts.push_back(rows.messages[row].c_str());
      bytes += rows.messages[row].size();
    }
  }
  if (texts.empty()) {
    return;
  }
  // HDF5 puts texts into blocks of 4 KiB or the size of the text, and cannot let go of a file whose disk is full.
  const std::uint64_t size = size_of(fd);
  reserve(fd, size, 2 * bytes + 64 * texts.size() + (1 << 14));
  const Hdf5Session session;
  File file(H5Fopen(path.c_str(), H5F_ACC_RDWR, unlocked_access()));
  {
    const Dataset dataset(H5Dopen2(file, message_name, H5P_DEFAULT));
    const Space stored(H5Dget_space(dataset));
    checked(H5Sselect_elements(stored, H5S_SELECT_SET, texts.size(), coordinates.data()));
    const std::array<hsize_t, 1> count{texts.size()};
    checked(H5Dwrite(dataset, text_type(), space_of(count), stored, H5P_DEFAULT, texts.data()));
  }
  file.close_checked();
}

} // namespace

void SweepStore::write(const SweepRows& rows) {
  if (rows.summary_count != impl_->summaries.size() || rows.values.size() != rows.size() * rows.summary_count ||
      rows.messages.size() != rows.size() || rows.begin > impl_->plan.size() ||
      rows.size() > impl_->plan.size() - rows.begin) {
    throw std::invalid_argument("rows do not fit the sweep");
  }
  attempt(impl_->path, "write to the sweep", [&] {
    if (impl_->header.complete) {
      throw Failure("it is complete");
    }
    require_still_there(impl_->path, impl_->file);
    std::vector<MemberChecksum> checksums(rows.size());
    std::vector<double> column(rows.size());
    for (std::size_t summary = 0; summary < rows.summary_count; ++summary) {
      for (std::size_t row = 0; row < rows.size(); ++row) {
        column[row] = rows.values[row * rows.summary_count + summary];
        checksums[row].add(column[row]);
      }
      write_at(impl_->file, impl_->value_offsets[summary] + rows.begin * sizeof(double), column.data(),
               column.size() * sizeof(double));
    }
    write_messages(impl_->path, impl_->file, impl_->plan, rows);
    if (impl_->checksum_offset != 0) {
      std::vector<std::uint64_t> sums(rows.size());
      for (std::size_t row = 0; row < rows.size(); ++row) {
        sums[row] = checksums[row].finish(rows.statuses[row], rows.messages[row]);
      }
      write_at(impl_->file, impl_->checksum_offset + rows.begin * sizeof(std::uint64_t), sums.data(),
               sums.size() * sizeof(std::uint64_t));
    }
    // Last: a member counts as done only when the rest of it is there.
    write_at(impl_->file, impl_->status_offset + rows.begin, rows.statuses.data(), rows.size());
    std::copy(rows.statuses.begin(), rows.statuses.end(),
              impl_->statuses.begin() + static_cast<std::ptrdiff_t>(rows.begin));
  });
}

void SweepStore::finish() {
  attempt(impl_->path, "finish the sweep", [&] {
    if (!pending_members().empty() || (impl_->header.complete && check_seal(impl_->file) == Seal::intact)) {
      return;
    }
    require_still_there(impl_->path, impl_->file);
    if (::fsync(impl_->file) != 0) {
      fail_with_errno();
    }
    const Hdf5Session session;
    File file(H5Fopen(impl_->path.c_str(), H5F_ACC_RDWR, unlocked_access()));
    {
      const Attribute complete(H5Aopen(file, "complete", H5P_DEFAULT));
      const std::int64_t yes = 1;
      checked(H5Awrite(complete, H5T_NATIVE_INT64, &yes));
    }
    file.close_checked();
    append_seal(impl_->file);
    if (::fsync(impl_->file) != 0) {
      fail_with_errno();
    }
    impl_->header.complete = true;
  });
}

std::vector<double> SweepStore::values(std::string_view summary) const {
  const auto info = std::find_if(impl_->summaries.begin(), impl_->summaries.end(),
                                 [&](const SummaryInfo& s) { return s.name == summary; });
  if (info == impl_->summaries.end()) {
    throw std::out_of_range("the sweep has no summary " + std::string(summary));
  }
  return attempt(impl_->path, "read the sweep", [&] {
    std::vector<double> result(impl_->plan.size());
    const auto index = static_cast<std::size_t>(info - impl_->summaries.begin());
    read_at(impl_->file, impl_->value_offsets[index], result.data(), result.size() * sizeof(double));
    return result;
  });
}

std::vector<std::string> SweepStore::messages() const {
  return attempt(impl_->path, "read the sweep", [&] {
    const Hdf5Session session;
    const File file(H5Fopen(impl_->path.c_str(), H5F_ACC_RDONLY, unlocked_access()));
    return read_texts(file, message_name, size_of(impl_->file));
  });
}

} // namespace limbflow::core
