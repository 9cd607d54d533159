#include <cstring>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "core/file_seal.hpp"
#include "core/result_header.hpp"
#include "core/result_store.hpp"

namespace limbflow::core {

namespace fs = std::filesystem;
using namespace storage;

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

} // namespace limbflow::core
