#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include <boost/crc.hpp>

#include "core/file_seal.hpp"
#include "core/sweep.hpp"

/// \file
/// Whether a result file is whole.

namespace limbflow::core::storage {

/// Checksum of one member.
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

/// Throws Failure for a file that is damaged, or no result. HDF5 crashes or hangs on some damaged files: what an intact seal does not
/// vouch for is looked at value by value, and HDF5 reads every file in another process first. Returns how the seal is: intact or absent.
Seal require_whole(const std::filesystem::path& path);

} // namespace limbflow::core::storage
