#pragma once

#include "common/packet.h"

#include <string>
#include <sys/types.h>

namespace ecluse {

/// A program of ours that works for another one and holds nothing: a packet socket on descriptor 3,
/// an empty environment. Killed and reaped when its owner leaves, however it leaves. Both block: in
/// policyd, in the pool only.
class HelperProgram {
public:
    /// `name` stands beside our own program, or where programs that nobody types are installed;
    /// `verb` may be empty.
    [[nodiscard]] static Result<HelperProgram>
    start(std::string const& name, std::string const& verb = {});
    HelperProgram(HelperProgram&& other) noexcept;
    HelperProgram& operator=(HelperProgram&&) = delete;
    ~HelperProgram();

    [[nodiscard]] PacketSocket const& socket() const { return socket_; }

private:
    HelperProgram(pid_t pid, PacketSocket socket) : pid_{pid}, socket_{std::move(socket)} {}

    pid_t pid_;
    PacketSocket socket_;
};

} // namespace ecluse
