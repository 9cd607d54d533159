#pragma once

#include <cstdint>
#include <string>

#include "core/result_hdf5.hpp"

/// \file
/// What every result file says of itself: attributes of the root, and the group `parameters`.

namespace limbflow::core::storage {

void write_provenance(hid_t file, const std::string& kind, const Provenance& provenance, bool complete);
ResultHeader read_header_of(hid_t file, std::uintmax_t file_size);

} // namespace limbflow::core::storage
