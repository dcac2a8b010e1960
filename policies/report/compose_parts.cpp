#include "policies/report/compose_parts.h"

#include "common/text_keys.h"
#include "policies/report/paris.h"

namespace ecluse::report {
namespace {

Table commands(Session const& session, Words const& w)
{
    Table table{w.say(TextKey::report_table_commands), {}, {}};
    table.columns = {
        {w.say(TextKey::report_column_at), 22},
        {w.say(TextKey::report_column_command), 66},
        {w.say(TextKey::report_column_exit), 12, true}};
    for (auto const& command : session.commands)
        table.rows.push_back(
            {{paris_second(command.at)},
             {"", shown(command.text)},
             {command.exit ? std::to_string(*command.exit) : w.say(TextKey::report_absent)}}
        );
    return table;
}

Table transfers(Session const& session, Words const& w)
{
    Table table{w.say(TextKey::report_table_transfers), {}, {}};
    table.columns = {
        {w.say(TextKey::report_column_at), 13},
        {w.say(TextKey::report_column_direction), 9},
        {w.say(TextKey::report_column_file), 55},
        {w.say(TextKey::report_column_size), 11, true},
        {w.say(TextKey::report_column_scan), 12}};
    for (auto const& transfer : session.transfers) {
        auto name = shown(transfer.name);
        if (!transfer.complete) name += " " + w.say(TextKey::report_transfer_incomplete);
        table.rows.push_back(
            {{transfer.at ? paris_second(*transfer.at) : w.say(TextKey::report_absent)},
             {w.word("direction", transfer.direction)},
             {name,
              transfer.sha256 ? shown(*transfer.sha256) : w.say(TextKey::report_no_hash),
              true},
             {w.size(transfer.bytes)},
             {w.word("scan", transfer.scan)}}
        );
    }
    return table;
}

Table alerts(Session const& session, Words const& w)
{
    Table table{w.say(TextKey::report_table_alerts), {}, {}};
    table.columns = {
        {w.say(TextKey::report_column_at), 22},
        {w.say(TextKey::report_column_alert), 34},
        {w.say(TextKey::report_column_detail), 44}};
    for (auto const& alert : session.alerts)
        table.rows.push_back(
            {{paris_second(alert.at)}, {w.word("alert", alert.what)}, {shown(alert.detail)}}
        );
    return table;
}

Table cuts(Session const& session, Words const& w)
{
    Table table{w.say(TextKey::report_table_cuts), {}, {}};
    table.columns = {
        {w.say(TextKey::report_column_at), 22},
        {w.say(TextKey::report_column_by), 30},
        {w.say(TextKey::report_column_reason), 48}};
    for (auto const& cut : session.cuts)
        table.rows.push_back({{paris_second(cut.at)}, {shown(cut.by)}, {shown(cut.reason)}});
    return table;
}

Table sessions(Facts const& facts, Words const& w)
{
    Table table{w.say(TextKey::report_table_sessions), {}, {}};
    table.columns = {
        {w.say(TextKey::report_column_session), 25},
        {w.say(TextKey::report_column_person), 19},
        {w.say(TextKey::report_column_target), 21},
        {w.say(TextKey::report_column_start), 16},
        {w.say(TextKey::report_column_end), 19}};
    for (auto const& session : facts.sessions) {
        auto end = session.ended ? paris_second(*session.ended) : w.say(TextKey::report_absent);
        if (session.end_reason) end += "\n" + w.word("end", *session.end_reason);
        auto const client =
            session.client ? ", " + w.say(TextKey::report_client_browser) : std::string{};
        table.rows.push_back(
            {{shown(session.id)},
             {shown(session.person) + "\n" + shown(session.source)},
             {shown(session.asset) + "\n" + shown(session.account) + ", " +
              shown(session.protocol) + client},
             {paris_second(session.started)},
             {end}}
        );
    }
    return table;
}

void one_session(Parts& out, Session const& session, Words const& w)
{
    if (session.commands.empty() && session.transfers.empty() && session.alerts.empty() &&
        session.cuts.empty() && session.commands_omitted == 0 && session.transfers_omitted == 0 &&
        session.alerts_omitted == 0)
        return;
    out.session(w.say(
        TextKey::report_session_title,
        {{"session", shown(session.id)}, {"asset", shown(session.asset)}}
    ));
    auto const more = [&](TextKey key, std::int64_t count) {
        if (count > 0) out.note(w.say(key, {{"n", w.count(count)}}));
    };
    if (!session.cuts.empty()) out.table(cuts(session, w), TextKey::report_none);
    if (!session.alerts.empty()) out.table(alerts(session, w), TextKey::report_none);
    more(TextKey::report_more_alerts, session.alerts_omitted);
    if (!session.commands.empty()) out.table(commands(session, w), TextKey::report_none);
    more(TextKey::report_more_commands, session.commands_omitted);
    if (!session.transfers.empty()) out.table(transfers(session, w), TextKey::report_none);
    more(TextKey::report_more_transfers, session.transfers_omitted);
}

void window_acts(Parts& out, Facts const& facts, Words const& w)
{
    auto const& window = facts.window;
    if (!window.extensions.empty()) {
        Table table{w.say(TextKey::report_table_extensions), {}, {}};
        table.columns = {
            {w.say(TextKey::report_column_at), 22},
            {w.say(TextKey::report_column_from_to), 28},
            {w.say(TextKey::report_column_by), 20},
            {w.say(TextKey::report_column_reason), 30}};
        for (auto const& e : window.extensions)
            table.rows.push_back(
                {{paris_second(e.at)},
                 {paris_minute(e.from) + " → " + paris_minute(e.to)},
                 {shown(e.by)},
                 {shown(e.reason)}}
            );
        out.table(std::move(table), TextKey::report_none);
    }
    if (!window.overrides.empty()) {
        Table table{w.say(TextKey::report_table_overrides), {}, {}};
        table.columns = {
            {w.say(TextKey::report_column_at), 22},
            {w.say(TextKey::report_column_rule), 28},
            {w.say(TextKey::report_column_by), 20},
            {w.say(TextKey::report_column_reason), 30}};
        for (auto const& o : window.overrides)
            table.rows.push_back(
                {{paris_second(o.at)}, {w.word("rule", o.rule)}, {shown(o.by)}, {shown(o.reason)}}
            );
        out.table(std::move(table), TextKey::report_none);
    }
    auto& rows = out.details();
    auto const who = [&w](std::optional<std::string> const& by, std::optional<UtcTime> at) {
        if (!at) return w.say(TextKey::report_absent);
        if (!by) return w.instant(*at);
        return w.say(TextKey::report_by_at, {{"who", shown(*by)}, {"at", w.instant(*at)}});
    };
    rows.emplace_back(w.say(TextKey::report_label_opened), who(window.opened_by, window.opened_at));
    rows.emplace_back(w.say(TextKey::report_label_closed), who(window.closed_by, window.closed_at));
    if (window.close_reason)
        rows.emplace_back(
            w.say(TextKey::report_label_close_reason), w.word("end", *window.close_reason)
        );
}

Table refusals(Facts const& facts, Words const& w)
{
    Table table{w.say(TextKey::report_table_refusals), {}, {}};
    table.columns = {
        {w.say(TextKey::report_column_at), 20},
        {w.say(TextKey::report_column_reference), 16},
        {w.say(TextKey::report_column_code), 14},
        {w.say(TextKey::report_column_address), 22},
        {w.say(TextKey::report_column_detail), 28}};
    for (auto const& r : facts.refusals) {
        auto detail = r.login ? shown(*r.login) : std::string{};
        if (r.detail) detail += (detail.empty() ? "" : " – ") + shown(*r.detail);
        table.rows.push_back(
            {{paris_second(r.at)},
             {shown(r.reference)},
             {shown(r.code)},
             {shown(r.address)},
             {detail}}
        );
    }
    return table;
}

Table declared_operations(Form const& form, Words const& w)
{
    Table table{w.say(TextKey::report_table_operations), {}, {}};
    table.columns = {
        {w.say(TextKey::report_column_at), 18},
        {w.say(TextKey::report_column_operation), 40},
        {w.say(TextKey::report_column_item), 20},
        {w.say(TextKey::report_column_versions), 22}};
    for (auto const& o : form.operations) {
        std::string versions;
        if (o.old_version || o.new_version)
            versions = w.or_none(o.old_version) + " → " + w.or_none(o.new_version);
        table.rows.push_back(
            {{w.declared_date(o.at)}, {shown(o.operation)}, {shown(o.item)}, {versions}}
        );
    }
    return table;
}

} // namespace

void Parts::part(TextKey title)
{
    add(Heading{1, std::to_string(++number_) + ". " + words_.say(title)});
}

void Parts::declared()
{
    add(Paragraph{words_.say(TextKey::report_note_declared), Paragraph::Tone::declared});
}

std::vector<Row>& Parts::details()
{
    add(Details{});
    return std::get<Details>(document_.blocks.back()).rows;
}

void Parts::table(Table table, TextKey when_empty)
{
    if (table.rows.empty())
        note(words_.say(when_empty));
    else
        add(std::move(table));
}

void operations(Parts& out, Facts const& facts, Form const* form, Words const& w)
{
    out.part(TextKey::report_part_operations);
    out.note(w.say(TextKey::report_note_zone));
    window_acts(out, facts, w);
    out.table(sessions(facts, w), TextKey::report_empty_sessions);
    for (auto const& session : facts.sessions)
        one_session(out, session, w);
    out.table(refusals(facts, w), TextKey::report_empty_refusals);
    if (!form) return;
    out.declared();
    out.table(declared_operations(*form, w), TextKey::report_empty_operations);
}

void declared_result(Parts& out, Form const* form, Words const& w)
{
    out.part(TextKey::report_part_result);
    if (!form) return out.note(w.say(TextKey::report_not_declared));
    out.declared();
    auto& rows = out.details();
    rows.emplace_back(w.say(TextKey::report_label_result), w.word("word", form->outcome));
    rows.emplace_back(w.say(TextKey::report_label_tests), shown(form->tests));
    rows.emplace_back(w.say(TextKey::report_label_difficulties), shown(form->difficulties));
    auto rollback = w.yes_no(form->rollback_done);
    if (form->rollback_detail) rollback += " – " + shown(*form->rollback_detail);
    rows.emplace_back(w.say(TextKey::report_label_rollback), rollback);
    rows.emplace_back(w.say(TextKey::report_label_service_impact), shown(form->service_impact));
}

void declared_data(Parts& out, Form const* form, Words const& w)
{
    out.part(TextKey::report_part_data);
    if (!form) return out.note(w.say(TextKey::report_not_declared));
    if (form->incident)
        out.alert(w.say(
            TextKey::report_alert_incident,
            {{"detail", shown(form->incident_detail.value_or(std::string{}))}}
        ));
    out.declared();
    auto& rows = out.details();
    auto const with = [](std::string answer, std::optional<std::string> const& detail) {
        return detail ? answer + " – " + shown(*detail) : answer;
    };
    rows.emplace_back(w.say(TextKey::report_label_health_seen), w.yes_no(form->health_data_seen));
    rows.emplace_back(
        w.say(TextKey::report_label_copies), with(w.yes_no(form->copies_taken), form->copies_detail)
    );
    rows.emplace_back(w.say(TextKey::report_label_residual), w.word("word", form->residual_data));
    if (form->residual_what)
        rows.emplace_back(w.say(TextKey::report_label_residual_what), shown(*form->residual_what));
    if (form->residual_why)
        rows.emplace_back(w.say(TextKey::report_label_residual_why), shown(*form->residual_why));
    if (form->residual_until)
        rows.emplace_back(
            w.say(TextKey::report_label_residual_until), w.declared_date(*form->residual_until)
        );
    rows.emplace_back(w.say(TextKey::report_label_incident), w.yes_no(form->incident));
}

void declared_follow_up(Parts& out, Form const* form, Words const& w)
{
    out.part(TextKey::report_part_follow_up);
    if (!form) return out.note(w.say(TextKey::report_not_declared));
    out.declared();
    auto& rows = out.details();
    rows.emplace_back(w.say(TextKey::report_label_next_steps), shown(form->next_steps));
    if (form->next_date)
        rows.emplace_back(
            w.say(TextKey::report_label_next_date), w.declared_date(*form->next_date)
        );
    if (form->advice) rows.emplace_back(w.say(TextKey::report_label_advice), shown(*form->advice));
}

void evidence(Parts& out, Facts const& facts, Words const& w)
{
    out.part(TextKey::report_part_evidence);
    Table table{w.say(TextKey::report_table_recordings), {}, {}};
    table.columns = {
        {w.say(TextKey::report_column_recording), 20},
        {w.say(TextKey::report_column_state), 19},
        {w.say(TextKey::report_column_hashes), 61}};
    for (auto const& recording : facts.recordings) {
        auto state = w.word("recording", recording.state) + "\n" +
                     w.say(TextKey::report_segments, {{"n", w.count(recording.segments)}});
        for (auto const& gap : recording.gaps)
            state += "\n" + w.say(TextKey::report_gap, {{"gap", shown(gap)}});
        auto const line = [&w](TextKey label, std::optional<std::string> const& value) {
            return w.say(label) + "\u00a0" + w.or_none(value);
        };
        table.rows.push_back(
            {{shown(recording.session)},
             {state},
             {"",
              line(TextKey::report_hash_header, recording.header_sha256) + "\n" +
                  line(TextKey::report_hash_link, recording.last_link) + "\n" +
                  line(TextKey::report_hash_seal, recording.seal_sha256),
              true}}
        );
    }
    out.table(std::move(table), TextKey::report_empty_recordings);
    auto& rows = out.details();
    rows.emplace_back(
        w.say(TextKey::report_label_journal),
        w.say(
            TextKey::report_journal_range,
            {{"first", w.count(facts.journal.first_sequence)},
             {"last", w.count(facts.journal.last_sequence)}}
        )
    );
    rows.emplace_back(w.say(TextKey::report_label_journal_link), shown(facts.journal.link), true);
    rows.emplace_back(w.say(TextKey::report_label_generated), w.instant(facts.generated_at));
    out.note(w.say(TextKey::report_note_evidence));
}

} // namespace ecluse::report
