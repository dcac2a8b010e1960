#include "policies/policyd/operator_objects.h"

#include "common/json.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"

namespace ecluse::policyd {

Fault rule_fault(ecluse::Fault fault)
{
    return {std::string{code(fault)}, reason(fault), {}, action(fault)};
}

Reply rows_reply(json::array rows, bool more)
{
    return document({{"rows", std::move(rows)}, {"more", more}});
}

Reply rows_reply(
    Result<store::Paged::Rows> page, std::function<json::object(Row const&)> const& described
)
{
    if (!page) return page_reply(page.error());
    json::array rows;
    for (auto const& row : page->rows)
        rows.push_back(described(row));
    json::object list{{"rows", std::move(rows)}, {"more", page->next.has_value()}};
    if (page->next) list["next"] = *page->next;
    return document(std::move(list));
}

} // namespace ecluse::policyd
