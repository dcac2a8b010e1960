#include "policies/policyd/terminals.h"

#include "policies/policyd/operator_session.h"

#include <utility>
#include <vector>

namespace ecluse::policyd {

void Terminals::add(void const* worker, std::string login_sha256, std::function<void()> over)
{
    open_.emplace(worker, Open{std::move(login_sha256), std::move(over)});
}

void Terminals::recheck(Context& context)
{
    std::vector<std::function<void()>> ended;
    std::erase_if(open_, [&](auto const& one) {
        auto const stands = operator_session::stands(context, one.second.login_sha256);
        // What cannot be looked up cannot go on.
        if (stands && *stands) return false;
        ended.push_back(one.second.over);
        return true;
    });
    for (auto const& over : ended)
        over();
}

} // namespace ecluse::policyd
