#pragma once

#include "common/loop.h"
#include "policies/policyd/role.h"
#include "policies/policyd/search_process.h"

#include <boost/json/object.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ecluse::policyd {

struct Context;

/// One reader's search: which recordings it may see, and how far they are read.
struct Search {
    std::string id, person, token_sha256;
    std::optional<store::Scope> scope; // of a limited auditor
    /// Absent for eclusectl, which has its own beside it.
    std::shared_ptr<SearchProcess> index;
    /// Newest first, with what policyd knows of each.
    std::vector<boost::json::object> sessions;
    std::map<std::string, std::size_t, std::less<>> places;
    std::size_t handed = 0; // whose keys or files were given
    std::vector<bool> fed;
    std::size_t read = 0, lines = 0, cut = 0, derived = 0, unreadable = 0;
    bool full = false; // the memory is: what was not read is not searched
};

[[nodiscard]] bool may_search(Caller const& caller);

/// Searches that are open. One ends with its login, with the role that allowed it, or when the same
/// login opens another.
class Searches {
public:
    /// A gigabyte each, at worst.
    static constexpr std::size_t searches_max = 4;
    static constexpr std::chrono::seconds recheck_period{1};

    explicit Searches(Context& context) : context_{context} {}

    /// Room for one more of this login.
    [[nodiscard]] bool may_begin(Caller const& caller) const;
    void add(std::shared_ptr<Search> search);
    /// Only for the login that opened it.
    [[nodiscard]] std::shared_ptr<Search> find(std::string const& id, Caller const& caller) const;
    void end(std::string const& id);

private:
    void recheck();

    Context& context_;
    std::map<std::string, std::shared_ptr<Search>, std::less<>> searches_;
    Loop::Watch rechecking_;
};

} // namespace ecluse::policyd
