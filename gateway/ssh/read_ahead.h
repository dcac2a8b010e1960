#pragma once

namespace ecluse::ssh {

/// libssh asks for 4 KiB at a time, after one `poll` each: sixteen system calls for what arrived as
/// one packet of 32 KiB. For a socket under `ReadAhead` what is there is read at once, libssh's
/// share into its own buffer and the rest into ours, from which the next rounds are served without
/// the kernel (docs/decisions/0014). Not a change of what libssh sees: the same bytes, in the same
/// order, with the same end.
///
/// INVARIANT: whoever sleeps on the socket asks `has_bytes` first, for the kernel no longer knows
/// of them.
class ReadAhead {
public:
    ReadAhead() = default;
    ReadAhead(ReadAhead const&) = delete;
    ReadAhead& operator=(ReadAhead const&) = delete;
    ~ReadAhead() { stop(); }

    /// From now on, for the descriptor that libssh reads. A process has room for `sockets_max`;
    /// beyond it nothing is read ahead.
    void start(int fd);
    /// Before the descriptor is closed by us. What was not asked for yet is dropped.
    void stop();
    /// Bytes that were read and not asked for yet.
    [[nodiscard]] bool has_bytes() const;

    /// The vendor's and the target's.
    static constexpr int sockets_max = 2;

private:
    int place_ = -1;
};

} // namespace ecluse::ssh
