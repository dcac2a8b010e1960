#include "common/bytes.h"
#include "common/json.h"
#include "common/packet.h"
#include "common/paris_time.h"
#include "common/text_keys.h"
#include "policies/core/decide.h"
#include "policies/core/roles.h"
#include "policies/journal/journal.h"
#include "policies/policyd/auditor_limits.h"
#include "policies/policyd/boxes.h"
#include "policies/policyd/clock.h"
#include "policies/policyd/connection.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_invitation.h"
#include "policies/policyd/people_rules.h"
#include "policies/policyd/person_file.h"
#include "policies/store/vendors.h"
#include "policies/vault/vault.h"

#include <set>

/// People who are not there yet: one by one, or as a table of them.
namespace ecluse::policyd {
namespace {

Fault to_reply(NameFault fault)
{
    switch (fault) {
    case NameFault::generic_login:
        return {"E-NOM-01", TextKey::operator_generic_text, {}, TextKey::operator_generic_remedy};
    case NameFault::login_form:
        return bad_value("login", "a-z 0-9 . - _ (3…32)");
    case NameFault::name_missing:
        return bad_value("first_name, last_name", "vide");
    case NameFault::mail_form:
        return bad_value("mail", "adresse");
    }
    assertion_failed("NameFault", __FILE__, __LINE__);
}

/// What is said of somebody, before anybody judged it.
struct Described {
    std::string first_name, last_name, login, mail, role;
    std::optional<std::string> phone, vendor, subcontractor, until, language;
    std::vector<std::string> limits;
};
/// Somebody whom this caller may bring in.
struct Admissible {
    store::NewPerson person;
    std::string role;
    std::optional<std::int64_t> valid_to;
    std::optional<store::Scope> scope;
};
template <typename Good> using Judged = std::variant<Good, Fault>;

/// A vendor's person belongs to one company; a vendor manager creates only his own people.
struct Belongs {
    std::optional<std::string> vendor, subcontractor;
};
Result<Judged<Belongs>> find_company(
    Context& context,
    Caller const& caller,
    std::optional<std::string> const& vendor,
    std::optional<std::string> const& subcontractor
)
{
    Belongs belongs;
    auto const own = ECLUSE_TRY(vendor_of(context, caller));
    if (vendor) {
        auto const found = ECLUSE_TRY(store::find_vendor(context.database, *vendor));
        if (!found) return unknown(TextKey::operator_unknown_vendor, *vendor);
        if (own && *own != found->id) return not_yours();
        belongs.vendor = found->id;
    } else if (own) {
        belongs.vendor = *own;
    }
    if (subcontractor) {
        auto const found = ECLUSE_TRY(store::find_subcontractor(context.database, *subcontractor));
        if (!found || found->vendor != belongs.vendor)
            return unknown(TextKey::operator_unknown_subcontractor, *subcontractor);
        // CLAUSIER:O-2.3: nobody of a subcontractor before the hospital's answer or its silence.
        bool const silent =
            !found->decision && seconds_now(context) >= found->notified_at + objection_s;
        if (found->decision != "accepted" && !silent)
            return wrong_state(found->decision.value_or("notified"));
        belongs.subcontractor = found->id;
    }
    return belongs;
}

Result<Judged<Admissible>> judge(Context& context, Caller const& caller, Described const& described)
{
    auto const& [first, last, login, mail, role, phone, vendor, subcontractor, until, language, limits] =
        described;
    if (auto const fault = judge_names(login, first, last, mail)) return to_reply(*fault);
    auto const known_role = parse_role(role);
    if (!known_role) return bad_value("role", role);
    if (language && !parse_language(*language)) return bad_value("person_language", *language);
    auto company = ECLUSE_TRY(find_company(context, caller, vendor, subcontractor));
    if (auto* refused = std::get_if<Fault>(&company)) return std::move(*refused);
    auto const& belongs = std::get<Belongs>(company);
    if (is_hospital(*known_role) == belongs.vendor.has_value())
        return Fault{
            "E-ROL-02", TextKey::operator_role_side_text, {}, TextKey::operator_role_side_remedy};
    // CHM:2.5: the vendor manager lists his people; the DSI's invitation is what admits them.
    bool const lists_own = caller.has_role("vendor_manager") && role == "technician";
    if (!lists_own && !may_grant(caller.roles, role))
        return Fault{
            "E-ROL-03", TextKey::operator_role_grant_text, {}, TextKey::operator_role_grant_remedy};
    std::optional<std::int64_t> valid_to;
    if (until) {
        auto const at = parse_iso(*until);
        if (!at) return bad_value("until", *until);
        valid_to = at->time_since_epoch().count();
    }
    if (role == "auditor" && !valid_to) return bad_value("until", "auditor");
    auto read = ECLUSE_TRY(read_limits(context, role, limits));
    if (auto* refused = std::get_if<Fault>(&read)) return std::move(*refused);
    if (ECLUSE_TRY(find_person(context, login))) return already(login);

    auto const id = random_id('P');
    json::object contact{{"mail", mail}};
    if (phone) contact["phone"] = *phone;
    return Admissible{
        {.id = id,
         .login = login,
         .first_name = first,
         .last_name = last,
         .vendor = belongs.vendor,
         .subcontractor = belongs.subcontractor,
         .language = language.value_or("fr"),
         .contact_sealed = context.vault.seal(box::person_contact(id), json::serialize(contact)),
         .created_by = caller.person,
         .created_at = seconds_now(context)},
        role,
        valid_to,
        std::get<std::optional<store::Scope>>(std::move(read))};
}

json::object to_details(Admissible const& one)
{
    auto const& person = one.person;
    return {
        {"login", person.login},
        {"name", person.first_name + " " + person.last_name},
        {"vendor", person.vendor ? json::value(*person.vendor) : json::value(nullptr)},
        {"role", one.role},
        {"scope", one.scope ? json::value(store::to_json(*one.scope)) : json::value(nullptr)}};
}

/// Inside the transaction of its act.
Result<> insert(Context& context, Admissible const& one)
{
    auto const& person = one.person;
    ECLUSE_TRY(store::insert_person(context.database, person));
    ECLUSE_TRY(store::set_auditor_scope(context.database, person.id, one.scope));
    return store::grant_role(
        context.database, person.id, one.role, one.valid_to, person.created_by, person.created_at
    );
}

Reply create(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    Described described;
    described.first_name = fields.text("first_name", name_bytes_max);
    described.last_name = fields.text("last_name", name_bytes_max);
    described.login = fields.text("login", id_bytes_max);
    described.mail = fields.text("mail", name_bytes_max);
    described.phone = fields.optional_text("phone", id_bytes_max);
    described.vendor = fields.optional_text("vendor", name_bytes_max);
    described.subcontractor = fields.optional_text("subcontractor", id_bytes_max);
    described.role = fields.text("role", id_bytes_max);
    described.until = fields.optional_text("until", id_bytes_max);
    described.language = fields.optional_text("person_language", 8);
    described.limits = fields.optional_texts("scope", scope_objects_max, scope_object_bytes_max);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);

    auto judged = ECLUSE_TRY(judge(context, caller, described));
    if (auto* refused = std::get_if<Fault>(&judged)) return std::move(*refused);
    auto const& one = std::get<Admissible>(judged);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "person.created", .object = one.person.id, .details = to_details(one)},
        [&] { return insert(context, one); }
    ));
    return json::object{{"person", one.person.id}, {"login", one.person.login}};
}

// A table of people ----------------------------------------------------------------------------

Fault to_reply(PersonFileError const& error)
{
    auto const say = [&](TextKey text) {
        return Fault{
            "E-IMP-01",
            text,
            {{"line", std::to_string(error.line)},
             {"what", printable(error.what, 40)},
             {"max", std::to_string(person_file_lines_max)}},
            TextKey::import_file_remedy};
    };
    switch (error.fault) {
    case PersonFileFault::empty:
        return say(TextKey::import_empty);
    case PersonFileFault::too_long:
        return say(TextKey::import_too_long);
    case PersonFileFault::not_text:
        return say(TextKey::import_not_text);
    case PersonFileFault::open_quote:
        return say(TextKey::import_open_quote);
    case PersonFileFault::unknown_column:
        return say(TextKey::import_unknown_column);
    case PersonFileFault::twice:
        return say(TextKey::import_column_twice);
    case PersonFileFault::missing_column:
        return say(TextKey::import_missing_column);
    }
    assertion_failed("PersonFileFault", __FILE__, __LINE__);
}

/// A day as a spreadsheet writes it, "31/12/2026" or "2026-12-31": its first second in Paris.
/// Anything else stays as it is.
std::string to_instant(std::string const& day)
{
    auto iso = day;
    if (day.size() == 10 && day[2] == '/' && day[5] == '/')
        iso = day.substr(6) + "-" + day.substr(3, 2) + "-" + day.substr(0, 2);
    auto const at = parse_paris(iso + " 00:00");
    return at ? to_iso(*at) : day;
}

Described to_described(PersonLine const& line, std::optional<std::string> const& vendor)
{
    auto const cell = [&](std::string_view name) -> std::optional<std::string> {
        auto const found = line.cells.find(name);
        if (found == line.cells.end()) return std::nullopt;
        return found->second;
    };
    Described described;
    described.first_name = cell("first_name").value_or("");
    described.last_name = cell("last_name").value_or("");
    described.login = cell("login").value_or("");
    described.mail = cell("mail").value_or("");
    described.role = cell("role").value_or("");
    described.phone = cell("phone");
    described.vendor = cell("vendor");
    if (!described.vendor) described.vendor = vendor;
    described.subcontractor = cell("subcontractor");
    if (auto const until = cell("until")) described.until = to_instant(*until);
    described.language = cell("person_language");
    return described;
}

/// The limits that a request's own fields have.
std::optional<Fault> judge_lengths(PersonLine const& line)
{
    for (auto const& [field, text] : line.cells) {
        bool const is_name =
            field == "first_name" || field == "last_name" || field == "mail" || field == "vendor";
        if (text.size() > (is_name ? name_bytes_max : id_bytes_max))
            return bad_value(field, printable(text, 40) + "…");
    }
    return std::nullopt;
}

struct ImportedFile {
    std::vector<Admissible> people;
    json::array errors; // {line, login, code, text, remedy}
};

/// Every line is judged, so that one reading shows everything there is to correct.
Result<ImportedFile> judge_all(
    Context& context,
    Caller const& caller,
    std::vector<PersonLine> const& lines,
    std::optional<std::string> const& vendor
)
{
    ImportedFile file;
    std::set<std::string, std::less<>> logins;
    for (auto const& line : lines) {
        auto const described = to_described(line, vendor);
        auto const refuse = [&](Fault const& fault) {
            auto error = render(fault, caller.language);
            error["line"] = line.line;
            error["login"] = printable(described.login, id_bytes_max);
            file.errors.push_back(std::move(error));
        };
        if (line.wrong_length) {
            refuse({"E-IMP-01", TextKey::import_cells, {}, TextKey::import_cells_remedy});
            continue;
        }
        if (auto const fault = judge_lengths(line)) {
            refuse(*fault);
            continue;
        }
        auto judged = ECLUSE_TRY(judge(context, caller, described));
        if (auto const* const fault = std::get_if<Fault>(&judged)) {
            refuse(*fault);
            continue;
        }
        if (!logins.insert(described.login).second) {
            refuse(already(described.login));
            continue;
        }
        file.people.push_back(std::get<Admissible>(std::move(judged)));
    }
    return file;
}

/// All of them or nobody: one transaction, whose journal line names the file and everybody in it.
Result<> record_import(
    Context& context,
    Caller const& caller,
    std::string const& csv,
    std::vector<Admissible> const& people
)
{
    json::array created;
    for (auto const& one : people) {
        auto details = to_details(one);
        details["person"] = one.person.id;
        created.push_back(std::move(details));
    }
    return record_act(
        context,
        caller,
        {.type = "person.imported",
         .object = "sha256:" + to_hex(sha256(csv)),
         .details = {{"count", created.size()}, {"people", created}}},
        [&]() -> Result<> {
            for (auto const& one : people)
                ECLUSE_TRY(insert(context, one));
            return {};
        }
    );
}

Reply import(Context& context, Caller const& caller, Request& request, Answer const&)
{
    Fields fields{request.fields};
    auto const csv = fields.text("csv", packet_bytes_max);
    auto const vendor = fields.optional_text("vendor", name_bytes_max);
    bool const is_trial = fields.flag("dry_run", false);
    if (auto const done = fields.finish(); !done) return Reply::violation(done.error().what);
    if (csv.size() > person_file_bytes_max)
        return to_reply(PersonFileError{PersonFileFault::too_long});
    auto read = read_person_file(csv);
    if (auto const* const error = std::get_if<PersonFileError>(&read)) return to_reply(*error);
    auto const& lines = std::get<std::vector<PersonLine>>(read);
    auto file = ECLUSE_TRY(judge_all(context, caller, lines, vendor));
    if (is_trial || !file.errors.empty()) {
        if (!is_trial)
            return Fault{
                "E-IMP-02",
                TextKey::import_errors_text,
                {{"count", std::to_string(file.errors.size())}},
                TextKey::import_errors_remedy};
        auto const good = file.people.size();
        return json::object{
            {"lines", lines.size()}, {"good", good}, {"errors", std::move(file.errors)}};
    }
    ECLUSE_TRY(record_import(context, caller, csv, file.people));
    return json::object{{"created", file.people.size()}};
}

} // namespace

void add_person_creations(RequestTable& table, Context& context)
{
    std::vector<std::string> const creators{"dsi", "rssi", "platform_admin", "vendor_manager"};
    add_request(table, context, "person.create", {creators}, &create);
    add_request(table, context, "person.import", {creators}, &import);
}

} // namespace ecluse::policyd
