#pragma once

#include "policies/core/decide.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace ecluse::policyd {

/// What a worker may open, by the word of docs/requests.md §3 and §3bis.
struct OpenKind {
    std::string_view name;
    Protocol protocol;
    Function function;
};
/// Legacy scp and rsync go one way, and the worker has seen which.
inline constexpr OpenKind open_kinds[]{
    {"shell", Protocol::ssh, Function::shell},
    {"exec", Protocol::ssh, Function::exec},
    {"sftp", Protocol::ssh, Function::sftp},
    {"scp_up", Protocol::ssh, Function::sftp_up},
    {"rsync_up", Protocol::ssh, Function::sftp_up},
    {"scp_down", Protocol::ssh, Function::sftp_down},
    {"rsync_down", Protocol::ssh, Function::sftp_down},
    {"desktop", Protocol::rdp, Function::desktop}};

/// Nothing when there is no such kind.
[[nodiscard]] inline OpenKind const* find_open_kind(std::string_view name)
{
    auto const* const found =
        std::find_if(std::begin(open_kinds), std::end(open_kinds), [&](auto const& one) {
            return one.name == name;
        });
    return found == std::end(open_kinds) ? nullptr : found;
}

} // namespace ecluse::policyd
