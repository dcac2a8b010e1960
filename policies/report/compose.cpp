#include "common/text_keys.h"
#include "policies/report/compose_parts.h"
#include "policies/report/paris.h"

namespace ecluse::report {
namespace {

std::string people_list(Facts const& facts)
{
    std::string list;
    for (auto const& person : facts.people) {
        if (!list.empty()) list += ", ";
        list += shown(person.name);
    }
    return list;
}

std::string asset_list(Facts const& facts)
{
    std::string list;
    for (auto const& asset : facts.assets) {
        if (!list.empty()) list += ", ";
        list += shown(asset.name);
    }
    return list;
}

std::string period(Words const& w, WindowFacts const& window)
{
    return w.say(
        TextKey::report_period,
        {{"start", paris_minute(window.start)}, {"end", paris_minute(window.end)}}
    );
}

std::string status(Facts const& facts, Words const& w)
{
    for (auto it = facts.decisions.rbegin(); it != facts.decisions.rend(); ++it)
        return w.word("status", it->what);
    return w.say(TextKey::report_status_draft);
}

Details summary(Facts const& facts, Form const* form, Words const& w)
{
    std::size_t transfers = 0;
    std::size_t alerts = 0;
    for (auto const& session : facts.sessions) {
        transfers += session.transfers.size() + static_cast<std::size_t>(session.transfers_omitted);
        alerts += session.alerts.size() + static_cast<std::size_t>(session.alerts_omitted);
    }
    auto const number = [&w](std::size_t n) { return w.count(static_cast<std::int64_t>(n)); };
    Details details;
    details.rows = {
        {w.say(TextKey::report_label_result),
         form ? w.word("word", form->outcome) : w.say(TextKey::report_not_declared)},
        {w.say(TextKey::report_label_vendor), shown(facts.vendor.name)},
        {w.say(TextKey::report_label_people), people_list(facts)},
        {w.say(TextKey::report_label_assets), asset_list(facts)},
        {w.say(TextKey::report_label_period), period(w, facts.window)},
        {w.say(TextKey::report_label_activity),
         w.say(
             TextKey::report_activity,
             {{"sessions", number(facts.sessions.size())},
              {"transfers", number(transfers)},
              {"alerts", number(alerts)},
              {"refusals", number(facts.refusals.size())}}
         )},
    };
    return details;
}

void identification(Parts& out, Facts const& facts, Form const* form, Words const& w)
{
    out.part(TextKey::report_part_identification);
    auto& rows = out.details();
    rows.emplace_back(w.say(TextKey::report_label_number), shown(facts.report));
    rows.emplace_back(w.say(TextKey::report_label_version), w.count(facts.version));
    rows.emplace_back(w.say(TextKey::report_label_site), shown(facts.site));
    rows.emplace_back(w.say(TextKey::report_label_window), shown(facts.window.id));
    rows.emplace_back(w.say(TextKey::report_label_period), period(w, facts.window));
    if (facts.window.emergency)
        rows.emplace_back(
            w.say(TextKey::report_label_emergency), w.say(TextKey::report_emergency_yes)
        );
    rows.emplace_back(
        w.say(TextKey::report_label_requested),
        w.say(
            TextKey::report_by_at,
            {{"who", shown(facts.window.requested_by)},
             {"at", w.instant(facts.window.requested_at)}}
        )
    );
    rows.emplace_back(
        w.say(TextKey::report_label_approved),
        w.say(
            TextKey::report_by_at,
            {{"who", shown(facts.window.approved_by)}, {"at", w.instant(facts.window.approved_at)}}
        )
    );
    rows.emplace_back(w.say(TextKey::report_label_vendor), shown(facts.vendor.name));
    if (facts.vendor.parent)
        rows.emplace_back(w.say(TextKey::report_label_parent), shown(*facts.vendor.parent));
    rows.emplace_back(w.say(TextKey::report_label_contract), w.or_none(facts.vendor.contract));
    rows.emplace_back(
        w.say(TextKey::report_label_escort),
        !facts.escort ? w.say(TextKey::report_escort_none)
        : facts.escort->told_at
            ? w.say(
                  TextKey::report_escort_told,
                  {{"who", shown(facts.escort->name)}, {"at", w.instant(facts.escort->told_at)}}
              )
            : shown(facts.escort->name)
    );
    if (facts.escort && facts.escort->required.value_or(false))
        rows.emplace_back(
            w.say(TextKey::report_label_escort_required), w.say(TextKey::report_escort_required)
        );
    if (facts.escort && facts.escort->presences)
        for (auto const& presence : *facts.escort->presences)
            rows.emplace_back(
                w.say(TextKey::report_label_presence),
                w.say(
                    TextKey::report_presence,
                    {{"who", shown(presence.name)},
                     {"from", w.instant(presence.from)},
                     {"until", w.instant(presence.until)}}
                )
            );
    rows.emplace_back(w.say(TextKey::report_label_due), w.instant(facts.due_at));

    Table people{w.say(TextKey::report_table_people), {}, {}};
    people.columns = {
        {w.say(TextKey::report_column_name), 26},
        {w.say(TextKey::report_column_login), 18},
        {w.say(TextKey::report_column_address), 26},
        {w.say(TextKey::report_column_factors), 30}};
    for (auto const& person : facts.people) {
        std::string sources;
        for (auto const& source : person.sources)
            sources += (sources.empty() ? "" : ", ") + shown(source);
        auto name = shown(person.name);
        if (person.company) name += " (" + shown(*person.company) + ")";
        people.rows.push_back(
            {{name}, {shown(person.login)}, {sources}, {w.factors(person.factors)}}
        );
    }
    out.table(std::move(people), TextKey::report_empty_people);

    Table assets{w.say(TextKey::report_table_assets), {}, {}};
    assets.columns = {
        {w.say(TextKey::report_column_asset), 60}, {w.say(TextKey::report_column_id), 40}};
    for (auto const& asset : facts.assets)
        assets.rows.push_back({{shown(asset.name)}, {shown(asset.id)}});
    out.table(std::move(assets), TextKey::report_empty_assets);

    if (!form) return;
    out.declared();
    auto& presence = out.details();
    presence.emplace_back(
        w.say(TextKey::report_label_subcontractor),
        form->subcontractor_name && form->subcontractor_present
            ? shown(*form->subcontractor_name)
            : w.yes_no(form->subcontractor_present)
    );
    presence.emplace_back(
        w.say(TextKey::report_label_escort_present), w.yes_no(form->escort_present)
    );
}

void procedure_rows(Parts& out, Procedure const& procedure, Words const& w)
{
    auto& rows = out.details();
    auto const row = [&](TextKey label, std::optional<std::string> const& value) {
        if (value) rows.emplace_back(w.say(label), shown(*value));
    };
    row(TextKey::report_label_procedure, procedure.reference);
    row(TextKey::report_label_tools, procedure.tools);
    row(TextKey::report_label_functions_kept, procedure.functions_kept);
    row(TextKey::report_label_safeguards, procedure.safeguards);
    row(TextKey::report_label_update_origin, procedure.update_origin);
    if (procedure.update_sha256)
        rows.emplace_back(
            w.say(TextKey::report_label_update_sha256), shown(*procedure.update_sha256), true
        );
    row(TextKey::report_label_rollback_plan, procedure.rollback_plan);
}

void request(Parts& out, Facts const& facts, Form const* form, Words const& w)
{
    auto const& window = facts.window;
    out.part(TextKey::report_part_request);
    {
        auto& rows = out.details();
        rows.emplace_back(w.say(TextKey::report_label_ticket), w.or_none(window.ticket));
        rows.emplace_back(
            w.say(TextKey::report_label_planned_nature), w.word("word", window.nature)
        );
        rows.emplace_back(w.say(TextKey::report_label_reason), shown(window.reason));
        rows.emplace_back(
            w.say(TextKey::report_label_functions), w.words("function", window.functions)
        );
        if (window.service_interruption)
            rows.emplace_back(
                w.say(TextKey::report_label_interruption), w.yes_no(*window.service_interruption)
            );
        if (window.health_data_possible)
            rows.emplace_back(
                w.say(TextKey::report_label_health_possible), w.yes_no(*window.health_data_possible)
            );
    }
    if (window.procedure) procedure_rows(out, *window.procedure, w);
    if (!form) return;
    out.declared();
    auto& rows = out.details();
    rows.emplace_back(
        w.say(TextKey::report_label_actual_nature), w.word("word", form->actual_nature)
    );
    rows.emplace_back(w.say(TextKey::report_label_symptom), shown(form->symptom));
}

void signatures(Parts& out, Facts const& facts, Form const* form, Words const& w)
{
    out.part(TextKey::report_part_signatures);
    Table table{w.say(TextKey::report_table_decisions), {}, {}};
    table.columns = {
        {w.say(TextKey::report_column_act), 18},
        {w.say(TextKey::report_column_person), 24},
        {w.say(TextKey::report_column_at), 24},
        {w.say(TextKey::report_column_factors), 34}};
    for (auto const& decision : facts.decisions) {
        table.rows.push_back(
            {{w.word("act", decision.what)},
             {shown(decision.person)},
             {paris_second(decision.at)},
             {decision.factors.empty() ? w.say(TextKey::report_open_session)
                                       : w.factors(decision.factors)}}
        );
    }
    out.table(std::move(table), TextKey::report_empty_decisions);
    auto& comments = out.details();
    for (auto const& decision : facts.decisions)
        if (decision.comment)
            comments.emplace_back(w.word("act", decision.what), shown(*decision.comment));
    if (form && form->comment) {
        out.declared();
        out.details().emplace_back(w.say(TextKey::report_label_comment), shown(*form->comment));
    }
    out.note(w.say(TextKey::report_note_signature));
}

} // namespace

Document compose(Facts const& facts, Form const* form, Language language)
{
    Words const w{language};
    Document document{};
    document.language = language;
    document.title = w.say(TextKey::report_title);
    document.subtitle = asset_list(facts);
    document.site = shown(facts.site);
    document.number = w.say(TextKey::report_number, {{"report", shown(facts.report)}});
    document.page_label = w.say(TextKey::report_page, {{"page", "{page}"}, {"count", "{count}"}});
    document.status = status(facts, w);
    if (!is_signed(facts)) document.banner = w.say(TextKey::report_banner_draft);
    document.summary = summary(facts, form, w);

    Parts out{document, w};
    identification(out, facts, form, w);
    request(out, facts, form, w);
    operations(out, facts, form, w);
    declared_result(out, form, w);
    declared_data(out, form, w);
    declared_follow_up(out, form, w);
    evidence(out, facts, w);
    signatures(out, facts, form, w);
    return document;
}

} // namespace ecluse::report
