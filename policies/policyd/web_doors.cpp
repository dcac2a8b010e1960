#include "policies/policyd/web_doors.h"

#include "admin-web/routes/routes.h"
#include "common/json.h"
#include "policies/policyd/context.h"
#include "policies/policyd/terminals.h"
#include "policies/policyd/watches.h"
#include "policies/policyd/web_role.h"
#include "policies/store/database.h"

namespace ecluse::policyd {
namespace {

/// "window.approved" is a change of windows; what is only looked at changes nothing.
std::string kind_of(std::string_view type)
{
    // Who watches a live session stands in its page.
    if (type == "session.viewed") return "session";
    if (type.ends_with(".viewed") || type.ends_with(".exported") || type.ends_with(".verified"))
        return {};
    auto const kind = type.substr(0, type.find('.'));
    if (kind == "access" || kind == "connection") return "refusal";
    if (kind == "auth" || kind == "service" || kind == "protocol") return {};
    return std::string{kind};
}

/// Each person hears of the own company's objects only (WEB:AA2); where the company is found.
struct Owner {
    std::string_view kind;
    char const* sql;
};
constexpr Owner owners[] = {
    {"window", "SELECT vendor FROM access_window WHERE id = $1"},
    {"report",
     "SELECT w.vendor AS vendor FROM report r JOIN access_window w ON w.id = r.access_window "
     "WHERE r.id = $1"},
    {"session",
     "SELECT w.vendor AS vendor FROM session s JOIN access_window w ON w.id = s.access_window "
     "WHERE s.id = $1"},
    {"source", "SELECT vendor FROM authorized_source WHERE id = $1"},
    {"subcontractor", "SELECT vendor FROM subcontractor WHERE id = $1"},
    {"person", "SELECT vendor FROM person WHERE id = $1"},
    {"vendor", "SELECT id AS vendor FROM vendor WHERE id = $1"},
    {"review", "SELECT vendor FROM access_review WHERE id = $1"},
};

std::string owner_of(Context& context, std::string const& kind, std::string_view event)
{
    auto const parsed = parse_object(event);
    if (!parsed) return {};
    auto const* const object = parsed->if_contains("object");
    if (!object || !object->is_string()) return {};
    for (auto const& owner : owners) {
        if (owner.kind != kind) continue;
        auto const row =
            context.database.row(owner.sql, {std::string{std::string_view{object->get_string()}}});
        if (row && *row) return (*row)->optional_text("vendor").value_or("");
    }
    return {};
}

} // namespace

void WebDoors::start(Context& context)
{
    context_ = &context;
    context.journal.on_record([this](Journal::Entry const& entry) { note(entry); });
    rechecking_ = context.loop.every(recheck_period, [this] { recheck_now(); });
}

void WebDoors::greet_again(std::string_view door)
{
    for (auto* const role : std::set<WebRole*>{roles_})
        if (role->door() == door) role->greet_again();
}

void WebDoors::note_listener(std::string const& door, Listening where)
{
    if (where.host == "0.0.0.0" || where.host == "::") where.host.clear();
    listening_[door] = std::move(where);
}

std::optional<WebDoors::Listening> WebDoors::listening(std::string const& door) const
{
    auto const found = listening_.find(door);
    return found == listening_.end() ? std::nullopt : std::optional{found->second};
}

void WebDoors::note(Journal::Entry const& entry)
{
    if (roles_.empty()) return;
    auto const kind = kind_of(entry.type);
    if (kind.empty()) return;
    changes_.insert({kind, owner_of(*context_, kind, entry.event)});
    if (!telling_) telling_ = context_->loop.after(gather, [this] { tell(); });
}

void WebDoors::tell()
{
    auto const changes = std::exchange(changes_, {});
    telling_.cancel();
    for (auto* const role : std::set<WebRole*>{roles_}) {
        if (!role->listens()) continue;
        std::set<std::string> kinds;
        for (auto const& change : changes)
            if (role->door() == "console" || change.vendor == role->vendor() ||
                change.kind == "charter")
                kinds.insert(change.kind);
        if (!kinds.empty()) role->push_changed(kinds);
    }
}

void WebDoors::recheck()
{
    if (recheck_waits_ || !context_) return;
    recheck_waits_ = true;
    context_->loop.post([this] { recheck_now(); });
}

void WebDoors::recheck_now()
{
    recheck_waits_ = false;
    context_->watches.recheck(*context_);
    context_->terminals.recheck(*context_);
    for (auto* const role : std::set<WebRole*>{roles_})
        role->recheck();
}

void fill_web_table(RequestTable& table, RequestTable const& all, std::string_view door)
{
    for (auto const& route : all_routes()) {
        if (!is_of_door(route, door) || route.request.starts_with("web.")) continue;
        if (route.request == "live.subscribe") continue;
        auto const* const row = all.find(route.request);
        // A route to nothing is a mistake of routes.tsv: seen at the first start, by every test.
        ECLUSE_ASSERT(row != nullptr);
        table.add(std::string{route.request}, *row);
    }
    // The connection's own; WebRole runs them.
    table.add("web.hello", {.handler = nullptr, .access = Access::anyone, .once = true});
    table.add("web.dropped", {.handler = nullptr, .access = Access::anyone, .answered = false});
    table.add("browser.hello", {.handler = nullptr, .access = Access::anyone, .once = true});
    table.add("live.subscribe", {.handler = nullptr, .access = Access::logged_in});
}

} // namespace ecluse::policyd
