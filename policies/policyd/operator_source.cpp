#include "common/address.h"
#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/sources.h"
#include "policies/store/paging.h"
#include "policies/store/vendors.h"

/// Declared addresses: CLAUSIER:O-12.2.5.3. One side declares, another person approves.
namespace ecluse::policyd {
namespace {

constexpr std::size_t range_bytes_max = 64;

/// Seconds, or nothing when it is no instant.
std::optional<std::int64_t> to_instant(std::string const& text)
{
    auto const at = parse_iso(text);
    if (!at) return std::nullopt;
    return at->time_since_epoch().count();
}

Reply declare(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const typed = fields.text("range", range_bytes_max);
    auto const why = fields.text("reason", reason_bytes_max);
    auto vendor_name = fields.optional_text("vendor", name_bytes_max);
    auto const kind = fields.optional_text("kind", id_bytes_max).value_or("public");
    auto const country = fields.optional_text("country", id_bytes_max);
    auto const from_text = fields.optional_text("from", id_bytes_max);
    auto const to_text = fields.optional_text("to", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);

    auto const own = ECLUSE_TRY(vendor_of(context, caller));
    if (!vendor_name) vendor_name = own;
    if (!vendor_name) return bad_value("vendor", "vide");
    auto const vendor = ECLUSE_TRY(store::find_vendor(context.database, *vendor_name));
    if (!vendor || (own && *own != vendor->id))
        return unknown(TextKey::operator_unknown_vendor, *vendor_name);
    if (kind != "public" && kind != "vpn") return bad_value("kind", kind);
    if (why.empty()) return bad_value("reason", "vide");
    auto const range = AddressRange::parse(typed);
    if (!range) return bad_value("range", range.error().what);
    auto const as = kind == "vpn" ? SourceKind::vpn : SourceKind::direct;
    if (auto const fault = validate_declaration(*range, as)) return to_reply(to_fault(*fault));
    if (from_text && !to_instant(*from_text)) return bad_value("from", *from_text);
    if (to_text && !to_instant(*to_text)) return bad_value("to", *to_text);
    auto const now = seconds_now(context);
    store::NewSource source{
        .id = random_id('N'),
        .vendor = vendor->id,
        .range = range->to_string(),
        .kind = kind,
        .reason = why,
        .declared_by = caller.person,
        .country = country,
        .declared_at = now,
        .valid_from = from_text ? to_instant(*from_text).value_or(now) : now,
        .valid_to = to_text ? to_instant(*to_text) : std::nullopt};
    if (source.valid_to && *source.valid_to <= source.valid_from) return bad_value("to", "from");
    if (ECLUSE_TRY(store::is_source_declared(context.database, vendor->id, source.range)))
        return already(source.range);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "source.declared",
         .object = source.id,
         .details =
             {{"range", source.range}, {"vendor", vendor->id}, {"kind", kind}, {"reason", why}}},
        [&] { return store::insert_source(context.database, source); }
    ));
    return json::object{{"source", source.id}, {"range", source.range}};
}

struct Decision {
    char const* to;
    char const* type;
    std::vector<std::string> from;
    bool needs_reason;
    bool by_another; // four eyes: adding trust, never taking it away
};

Reply decide(Context& context, Caller const& caller, Request& request, Decision const& decision)
{
    Fields fields{request.fields};
    auto const id = fields.text("source", id_bytes_max);
    auto const why =
        decision.needs_reason ? fields.text("reason", reason_bytes_max) : std::string{};
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const source = ECLUSE_TRY(store::find_source(context.database, id));
    auto const own = ECLUSE_TRY(vendor_of(context, caller));
    if (!source || (own && *own != source->vendor))
        return unknown(TextKey::operator_unknown_source, id);
    if (decision.by_another && source->declared_by == caller.person) return own_act();
    if (decision.needs_reason && why.empty()) return bad_value("reason", "vide");
    if (std::find(decision.from.begin(), decision.from.end(), source->state) == decision.from.end())
        return wrong_state(source->state);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = decision.type,
         .object = id,
         .details =
             {{"range", source->range},
              {"vendor", source->vendor},
              {"before", source->state},
              {"after", decision.to},
              {"reason", why}}},
        [&] {
            return store::decide_source(
                context.database, id, decision.to, caller.person, seconds_now(context), why
            );
        }
    ));
    // Listeners learn it, and sessions from an address that is not declared any more end now.
    ECLUSE_TRY(context.sources.refresh(context));
    return json::object{{"source", id}, {"range", source->range}};
}

Reply approve(Context& context, Caller const& caller, Request& request, Answer const&)
{
    return decide(
        context, caller, request, {"approved", "source.approved", {"declared"}, false, true}
    );
}
Reply refuse(Context& context, Caller const& caller, Request& request, Answer const&)
{
    return decide(
        context, caller, request, {"refused", "source.refused", {"declared"}, true, false}
    );
}
Reply remove(Context& context, Caller const& caller, Request& request, Answer const&)
{
    return decide(
        context,
        caller,
        request,
        {"removed", "source.removed", {"declared", "approved"}, true, false}
    );
}

Reply list(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto vendor = fields.optional_text("vendor", name_bytes_max);
    auto const state = fields.optional_text("state", id_bytes_max);
    auto const after = fields.optional_text("after", store::cursor_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const own = ECLUSE_TRY(vendor_of(context, caller));
    if (vendor) {
        auto const found = ECLUSE_TRY(store::find_vendor(context.database, *vendor));
        if (!found || (own && *own != found->id))
            return unknown(TextKey::operator_unknown_vendor, *vendor);
        vendor = found->id;
    }
    if (own) vendor = own;
    return page_reply(
        store::list_sources(context.database, {.vendor = vendor, .state = state, .after = after})
    );
}

} // namespace

void add_source_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "source.declare", {{"dsi", "vendor_manager"}}, &declare);
    add_request(table, context, "source.approve", {{"dsi"}}, &approve);
    add_request(table, context, "source.refuse", {{"dsi"}}, &refuse);
    add_request(table, context, "source.remove", {{"dsi", "rssi", "vendor_manager"}}, &remove);
    add_request(
        table, context, "source.list", {{"dsi", "rssi", "auditor", "vendor_manager"}}, &list
    );
}

} // namespace ecluse::policyd
