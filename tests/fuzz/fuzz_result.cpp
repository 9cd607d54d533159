// Any bytes as a result file, as they are and with a seal that fits them: read, or a StorageError; HDF5's own faults stay in their process.
#include "core/file_seal.hpp"
#include "core/result_store.hpp"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace limbflow::core;
  static const std::filesystem::path path = std::filesystem::temp_directory_path() / ("limbflow-fuzz-" + std::to_string(::getpid()) + ".h5");
  const auto read = [&](bool sealed) {
    {
      std::ofstream file(path, std::ios::binary);
      file.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
      if (sealed)
        file.write(SealLine(data, size).data(), SealLine::size);
    }
    try {
      if (read_header(path).kind == "sweep")
        SweepStore::open(path).messages();
    } catch (const StorageError& error) {
      if (error.reason().empty())
        std::abort();
    }
  };
  read(false);
  read(true);
  std::filesystem::remove(path);
  return 0;
}
