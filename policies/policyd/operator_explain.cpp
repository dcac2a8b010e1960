#include "common/address.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/core/window_choice.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/facts.h"
#include "policies/policyd/open_kinds.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/refusal_text.h"
#include "policies/store/assets.h"

/// The dry run of decide(): would this person get in, from there, then; and every reason why not.
namespace ecluse::policyd {
namespace {

Reply dry_run(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const login = fields.text("person", id_bytes_max);
    auto const from = fields.text("from", id_bytes_max);
    auto const asset_name = fields.text("asset", name_bytes_max);
    auto const account = fields.optional_text("account", id_bytes_max);
    auto const kind = fields.optional_text("kind", 16);
    auto const at = fields.optional_text("at", id_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    auto const person = ECLUSE_TRY(find_person(context, login));
    if (!person) return unknown(TextKey::operator_unknown_person, login);
    auto const asset = ECLUSE_TRY(store::find_asset(context.database, asset_name));
    if (!asset) return unknown(TextKey::operator_unknown_asset, asset_name);
    auto const address = SourceAddress::parse(from);
    if (!address) return bad_value("from", address.error().what);
    auto now = context.clock.decision_now();
    if (at) {
        auto const instant = parse_iso(*at);
        if (!instant) return bad_value("at", *at);
        now = *instant;
    }
    ecluse::Request asked{.person = PersonId{person->id}, .from = *address};
    asked.asset = AssetId{asset->id};
    asked.account = account;
    auto const usual = asset->protocol == "rdp" ? "desktop" : "shell";
    auto const* const opened = find_open_kind(kind.value_or(usual));
    if (!opened) return bad_value("kind", *kind);
    asked.function = opened->function;
    asked.protocol = opened->protocol;
    // Both factors are taken as given: the question is about everything else.
    Asking const asking{
        .person = person->id,
        .vendor = person->vendor.value_or(""),
        .from = *address,
        .factors = to_factors("password+totp")};
    auto known = ECLUSE_TRY(load_facts(context, asking, asked.asset, now));
    auto const decision = judge(known, asked, now);
    json::array reasons;
    RefusalWords const words{
        .address = address->to_string(),
        .company = known.company,
        .asset = asset->name,
        .account = account.value_or("")};
    for (auto const& denied : explain(asked, known.facts, now))
        reasons.push_back(refusal_object(context, denied, words, "", caller.language));
    json::object answer{
        {"login", person->login},
        {"asset", asset->name},
        {"at", to_iso(now)},
        {"granted", std::holds_alternative<Granted>(decision)}};
    if (auto const* granted = std::get_if<Granted>(&decision)) {
        answer["window"] = granted->window.text();
        answer["account"] = granted->account;
        answer["until"] = to_iso(granted->until);
    }
    answer["reasons"] = std::move(reasons);
    return answer;
}

} // namespace

void add_explain_requests(RequestTable& table, Context& context)
{
    add_request(table, context, "explain", {{"dsi", "rssi", "auditor"}}, &dry_run);
}

} // namespace ecluse::policyd
