#pragma once

#include "policies/policyd/context.h"
#include "policies/policyd/replay_views.h"

/// Moments that readers of a recording marked for each other, each with a note in their own words.
/// Who reads them has the recording open, with a reason; the journal has who and when, never the
/// words (docs/decisions/0028-snapshots-when-a-recording-is-opened.md says what of a replay is kept
/// where).
namespace ecluse::policyd {

Reply list_bookmarks(Context&, ReplayViews const&, Caller const&, Request&);
Reply add_bookmark(Context&, ReplayViews const&, Caller const&, Request&);
/// One's own; the RSSI removes anybody's.
Reply remove_bookmark(Context&, ReplayViews const&, Caller const&, Request&);

} // namespace ecluse::policyd
