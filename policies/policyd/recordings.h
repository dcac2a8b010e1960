#pragma once

#include <boost/json/fwd.hpp>

#include <string_view>

namespace ecluse::policyd {

struct Context;

/// What the recorder tells about a finished recording (`sealed` push, or the summaries of its
/// `recorder.hello`) becomes evidence: the session's row, a journal entry with the hashes, a signed
/// checkpoint, and the countersignature of the seal. Hearing it twice changes nothing.
void recording_sealed(Context& context, boost::json::object const& summary);
/// A recording that could not be written: its session ends (design invariant 2).
void recording_failed(Context& context, std::string_view session, std::string_view why);

} // namespace ecluse::policyd
