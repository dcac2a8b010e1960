#pragma once

#include "recorder/export/export.h"

#include <cstdint>
#include <functional>
#include <string>

namespace ecluse::recording {

/// Told how far it is, in microseconds of the recording.
using Progress = std::function<void(std::uint64_t at_us)>;

/// The film of a terminal as an ordinary MP4 with an index, drawn by `program` (ecluse-film),
/// because the texts say video and auditors have players, not terminals (CHM:8.5). The first
/// terminal of the session; nothing typed with the echo off is in it.
Result<> export_film(
    Recording const& recording,
    ContentKey const& key,
    std::string const& program,
    Write const& write,
    Progress const& progress
);

} // namespace ecluse::recording
