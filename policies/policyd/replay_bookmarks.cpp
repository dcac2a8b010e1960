#include "policies/policyd/replay_bookmarks.h"

#include "common/bytes.h"
#include "common/json.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_objects.h"
#include "policies/store/bookmarks.h"
#include "policies/store/database.h"

namespace ecluse::policyd {
namespace {

/// The page lets 400 characters be typed.
constexpr std::size_t note_bytes_max = 1600;

} // namespace

Reply list_bookmarks(
    Context& context, ReplayViews const& views, Caller const& caller, Request& request
)
{
    Fields fields{request.fields};
    auto const id = fields.text("view", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const* const view = views.find(id, caller);
    if (!view) return unknown_recording();
    return json::object{
        {"bookmarks", ECLUSE_TRY(store::list_bookmarks(context.database, view->session))}};
}

Reply add_bookmark(
    Context& context, ReplayViews const& views, Caller const& caller, Request& request
)
{
    Fields fields{request.fields};
    auto const id = fields.text("view", id_bytes_max);
    auto const at_ms = fields.number("at_ms", 0);
    auto note = fields.text("note", note_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const* const view = views.find(id, caller);
    if (!view) return unknown_recording();
    if (note.find_first_not_of(" \t\r\n") == std::string::npos) return bad_value("note", "empty");
    store::Bookmark const bookmark{
        random_id('B'), view->session, at_ms, std::move(note), caller.person, seconds_now(context)};
    bool const added = ECLUSE_TRY(record_act_once(
        context,
        caller,
        {.type = "recording.bookmarked",
         .object = view->session,
         .details = {{"bookmark", bookmark.id}, {"at_ms", at_ms}}},
        [&] { return store::add_bookmark(context.database, bookmark); }
    ));
    if (!added) return wrong_state("full");
    return json::object{{"bookmark", bookmark.id}};
}

Reply remove_bookmark(
    Context& context, ReplayViews const& views, Caller const& caller, Request& request
)
{
    Fields fields{request.fields};
    auto const id = fields.text("view", id_bytes_max);
    auto const name = fields.text("bookmark", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const* const view = views.find(id, caller);
    if (!view) return unknown_recording();
    auto const bookmark = ECLUSE_TRY(store::find_bookmark(context.database, name));
    if (!bookmark || bookmark->session != view->session)
        return bad_value("bookmark", "not of this recording");
    if (bookmark->person != caller.person && !caller.has_role("rssi"))
        return bad_value("bookmark", "another reader's");
    ECLUSE_TRY(record_act_once(
        context,
        caller,
        {.type = "recording.bookmark_removed",
         .object = view->session,
         .details = {{"bookmark", name}, {"at_ms", bookmark->at_ms}}},
        [&] { return store::remove_bookmark(context.database, name); }
    ));
    return json::object{};
}

} // namespace ecluse::policyd
