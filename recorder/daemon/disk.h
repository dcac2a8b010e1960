#pragma once

#include "common/result.h"
#include "recorder/daemon/options.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ecluse::recorder {

enum class DiskState { ok, warn, refuse, end };
[[nodiscard]] std::string_view to_word(DiskState state);
[[nodiscard]] DiskState state_for(std::uint64_t free_bytes, Options const& options);

/// Measures the free space and keeps a reserve file, given up when seals would not fit otherwise.
class Disk {
public:
    explicit Disk(Options const& options) : options_{options} {}

    /// Measures again; takes the reserve back once there is room. A disk that cannot be measured
    /// counts as full.
    DiskState refresh();
    void release_reserve();

    [[nodiscard]] DiskState state() const { return state_; }
    [[nodiscard]] std::uint64_t free_bytes() const { return free_bytes_; }

private:
    void take_reserve();

    Options const& options_;
    DiskState state_ = DiskState::end;
    std::uint64_t free_bytes_ = 0;
    bool reserved_ = false;
};

} // namespace ecluse::recorder
