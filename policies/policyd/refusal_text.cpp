#include "policies/policyd/refusal_text.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/paris_time.h"
#include "common/text_keys.h"
#include "policies/config/config.h"
#include "policies/policyd/context.h"

#include <algorithm>

namespace ecluse::policyd {
namespace {

std::string moment(std::optional<UtcTime> at, Language language)
{
    return at ? format_moment(*at, language) : "-";
}

/// "E-FEN-03", "reason" → refusal.e_fen_03.reason.
TextKey key_of(std::string_view code, std::string_view part)
{
    std::string name = "refusal.";
    for (char const c : code)
        name += c == '-' ? '_' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    auto const found = find_text(name + "." + std::string{part});
    ECLUSE_ASSERT(found);
    return *found;
}

struct Parts {
    std::string reason, action;
    std::optional<std::string> next;
    bool wait = false;
};

json::object
frame(std::string_view code, Parts const& parts, std::string const& reference, Language language)
{
    auto const complete = parts.next ? text(
                                           language,
                                           TextKey::session_refused_next,
                                           {{"code", code},
                                            {"reason", parts.reason},
                                            {"next", *parts.next},
                                            {"action", parts.action},
                                            {"reference", reference}}
                                       )
                                     : text(
                                           language,
                                           TextKey::session_refused,
                                           {{"code", code},
                                            {"reason", parts.reason},
                                            {"action", parts.action},
                                            {"reference", reference}}
                                       );
    return {
        {"code", code},
        {"reason", parts.reason},
        {"next", parts.next ? json::value(*parts.next) : json::value(nullptr)},
        {"action", parts.action},
        {"reference", reference},
        {"text", complete},
        {"wait", parts.wait}};
}

std::string fill(
    Context& context,
    TextKey key,
    Denied const& denied,
    RefusalWords const& words,
    Language language
)
{
    auto const& site = context.config.site;
    auto const address = denied.elsewhere ? denied.elsewhere->to_string() : words.address;
    auto const asset = printable(words.asset, 64);
    auto const account = printable(words.account, 64);
    return text(
        language,
        key,
        {{"ip", address},
         {"company", words.company},
         {"asset", asset},
         {"account", account},
         {"start", moment(denied.start, language)},
         {"end", moment(denied.end, language)},
         {"report", denied.report ? denied.report->text() : "-"},
         {"url", site.portal},
         {"phone", site.phone}}
    );
}

} // namespace

json::object refusal_object(
    Context& context,
    Denied const& denied,
    RefusalWords const& words,
    std::string const& reference,
    Language language
)
{
    Parts parts;
    parts.reason = fill(context, reason(denied.refusal), denied, words, language);
    parts.action = fill(context, action(denied.refusal), denied, words, language);
    if (denied.next) parts.next = format_moment(*denied.next, language);
    parts.wait = waits_for_hospital(denied.refusal);
    return frame(code(denied.refusal), parts, reference, language);
}

json::object refusal_object(
    Context& context,
    std::string_view code,
    RefusalWords const& words,
    std::string const& reference,
    Language language
)
{
    Parts parts;
    parts.reason = fill(context, key_of(code, "reason"), Denied{}, words, language);
    parts.action = fill(context, key_of(code, "action"), Denied{}, words, language);
    return frame(code, parts, reference, language);
}

} // namespace ecluse::policyd
