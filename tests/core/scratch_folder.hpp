// A folder of its own for each test, and whole files as texts.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <unistd.h>

namespace limbflow::core {

/// A test with an empty `directory` that is gone after it.
class ScratchFolderTest : public testing::Test {
protected:
  ScratchFolderTest() {
    const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
    directory = std::filesystem::temp_directory_path() /
                ("limbflow-" + std::string(test.test_suite_name()) + "-" + std::to_string(::getpid()) + "-" + test.name());
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory);
  }
  ~ScratchFolderTest() override {
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all);
    std::filesystem::remove_all(directory);
  }

  std::filesystem::path directory;
};

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

} // namespace limbflow::core
