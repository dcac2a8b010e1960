#pragma once

#include "common/fd.h"
#include "recorder/format/writer.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ecluse::recorder {

/// Where recordings lie: YYYY/MM/DD/S-…/, found again by the links by-id/S-… and, until the
/// recording is countersigned, pending/S-…. All calls block; they are safe from several threads.
class Store {
public:
    [[nodiscard]] static Result<Store> open(std::string root);

    /// An empty folder for a new recording, with both links, durable; `refused` when the session
    /// already has one.
    [[nodiscard]] Result<std::string> create(std::string_view session) const;
    [[nodiscard]] Result<std::string> find(std::string_view session) const;
    /// Sessions not countersigned yet, in the order of their ids.
    [[nodiscard]] Result<std::vector<std::string>> pending() const;
    Result<> countersigned(std::string_view session) const;
    /// Removes a folder in which nothing was ever acknowledged.
    Result<> discard(std::string_view session) const;

    struct Listed {
        std::string session;
        /// "open", "sealed", "interrupted", "purged".
        std::string state;
        std::uint64_t bytes;
    };
    /// The recordings whose id comes after `after`, in order.
    [[nodiscard]] Result<std::vector<Listed>>
    list(std::string_view after, std::size_t count_max) const;

    [[nodiscard]] std::string const& root() const { return root_; }

private:
    explicit Store(std::string root) : root_{std::move(root)} {}

    std::string root_;
};

} // namespace ecluse::recorder
