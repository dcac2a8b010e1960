#include "common/bytes.h"
#include "policies/core/recovery_codes.h"
#include "policies/core/totp.h"
#include "policies/policyd/boxes.h"
#include "policies/store/database.h"
#include "policies/vault/vault.h"
#include "tests/support/must.h"
#include "tests/support/policyd_rig.h"
#include "tests/support/recorder_process.h"

#include <csignal>
#include <poll.h>
#include <sys/stat.h>

/// People act through the operator's socket, as eclusectl does: the real policyd answers.
using namespace ecluse;
using namespace ecluse::test;

namespace {

/// Somebody of the hospital or of a vendor, with a password and one-time codes.
struct Somebody {
    std::string id, login;
    std::string password = "Quatre-lunes-vertes-8";
    std::deque<std::string> codes;
};

constexpr int codes_each = 8;

/// A person with factors and roles; before policyd starts.
Somebody add_person(
    PolicydRig& rig,
    std::string const& id,
    std::string const& login,
    std::string const& vendor,
    std::vector<std::string> const& roles
)
{
    Somebody person;
    person.id = id;
    person.login = login;
    auto const vault = must(Vault::open(rig.root() + "/etc/master.key"));
    auto const now = to_seconds(utc_now()).time_since_epoch().count();
    rig.with_database([&](Database& db) {
        auto const company = vendor.empty() ? SqlValue{} : SqlValue{vendor};
        must(db.run(
            "INSERT INTO person (id, login, first_name, last_name, vendor, state, language, "
            "created_at, created_by) VALUES ($1, $2, 'Prénom', 'Nom', $3, 'active', 'fr', $4, 'x')",
            {id, login, company, now}
        ));
        for (auto const& role : roles)
            must(db.run(
                "INSERT INTO person_role (person, role, granted_by, granted_at) VALUES ($1, $2, "
                "'x', $3)",
                {id, role, now}
            ));
        must(db.run(
            "INSERT INTO authenticator (id, person, kind, hash, created_at, confirmed_at) VALUES "
            "($1, $2, 'password', $3, $4, $5)",
            {"A-P" + id, id, hash_password(person.password), now, now}
        ));
        for (int i = 0; i < codes_each; ++i) {
            auto const code = format_recovery_code(random_spelling(recovery_code_characters));
            auto const key = "A-R" + std::to_string(i) + id;
            auto const sealed = vault.seal(
                policyd::box::authenticator(key), sha256(*normalize_recovery_code(code))
            );
            must(db.run(
                "INSERT INTO authenticator (id, person, kind, secret_sealed, created_at, "
                "confirmed_at) VALUES ($1, $2, 'recovery', $3, $4, $5)",
                {key, id, Blob{sealed}, now, now}
            ));
            person.codes.push_back(code);
        }
    });
    return person;
}

/// One eclusectl, logged in or not.
class Desk {
public:
    explicit Desk(PolicydRig const& rig) : rig_{rig}, peer_{connected(rig)}
    {
        REQUIRE(peer_.ask({{"do", "operator.hello"}, {"version", "test"}, {"language", "fr"}})
                    .at("ok")
                    .as_bool());
    }
    Desk(PolicydRig const& rig, Somebody& person) : Desk{rig}
    {
        auto const answer = ask("login", with_factors(person, {{"login", person.login}}));
        INFO(json::serialize(answer));
        REQUIRE(answer.at("ok").as_bool());
        token_ = std::string{answer.at("token").as_string()};
    }

    json::object ask(std::string const& request, json::object fields = {})
    {
        fields["do"] = request;
        if (!token_.empty()) fields["token"] = token_;
        return peer_.ask(std::move(fields));
    }
    /// The answer when the request must succeed.
    json::object done(std::string const& request, json::object fields = {})
    {
        auto answer = ask(request, std::move(fields));
        INFO(request << " " << json::serialize(answer) << "\n" << rig_.log());
        REQUIRE(answer.at("ok").as_bool());
        // A long answer comes as a sealed memory file.
        if (!peer_.descriptors.empty())
            answer["document"] = must(read_all(peer_.descriptors[0].get(), 1 << 20));
        return answer;
    }
    std::string refused(std::string const& request, json::object fields = {})
    {
        auto const answer = ask(request, std::move(fields));
        INFO(request << " " << json::serialize(answer));
        REQUIRE_FALSE(answer.at("ok").as_bool());
        return std::string{answer.at("error").as_object().at("code").as_string()};
    }

    static json::object with_factors(Somebody& person, json::object fields)
    {
        REQUIRE_FALSE(person.codes.empty());
        fields["password"] = person.password;
        fields["code"] = person.codes.front();
        person.codes.pop_front();
        return fields;
    }

private:
    static PacketSocket connected(PolicydRig const& rig)
    {
        auto const until = std::chrono::steady_clock::now() + 15s;
        for (;;) {
            auto socket = PacketSocket::connect(rig.root() + "/run/operator.sock");
            if (socket) return *std::move(socket);
            if (std::chrono::steady_clock::now() > until) FAIL("no operator socket\n" << rig.log());
            ::poll(nullptr, 0, 10);
        }
    }

    PolicydRig const& rig_;
    Peer peer_;
    std::string token_;
};

std::string text_of(json::object const& object, std::string_view name)
{
    return std::string{object.at(name).as_string()};
}

void stop(PolicydRig& rig)
{
    rig.signal(SIGTERM);
    CHECK(rig.wait() == 0);
}

} // namespace

TEST_CASE(
    "a listed person enrols by an invitation used once, and replaces the own password",
    "[CLAUSIER:O-12.3.5][CHM:2.5][CHM:5.5][CHM:6.7][CHM:13.7][WEB:AA6][SEGUR:IAM.91]"
)
{
    PolicydRig rig;
    auto dsi = add_person(rig, "P-D", "c.leroy", "", {"dsi"});
    auto manager = add_person(rig, "P-M", "p.remy", "V-1", {"vendor_manager"});
    rig.start();
    Desk list{rig, manager};
    json::object const nadia{
        {"first_name", "Nadia"},
        {"last_name", "Belkacem"},
        {"login", "n.belkacem"},
        {"mail", "n.belkacem@imagelec.example"},
        {"role", "technician"}};
    list.done("person.create", nadia);
    CHECK(list.refused("person.invite", {{"person", "n.belkacem"}}) == "E-DRT-01");
    Desk desk{rig, dsi};
    auto const token = text_of(desk.done("person.invite", {{"person", "n.belkacem"}}), "token");
    CHECK(token.size() >= 26); // 128 bits

    Desk anyone{rig};
    CHECK(
        anyone.refused("enrol.begin", {{"invitation", "K7Q2M9XF4T"}, {"password", "x"}}) ==
        "E-INV-01"
    );
    CHECK(
        anyone.refused("enrol.begin", {{"invitation", token}, {"password", "Belkacem-2026!"}}) ==
        "E-MDP-05"
    );
    std::string const first = "Trois-tortues-lentes-5";
    auto const begun = anyone.done("enrol.begin", {{"invitation", token}, {"password", first}});
    auto const secret = must(from_base32(text_of(begun, "secret")));
    CHECK(
        anyone.refused("enrol.confirm", {{"invitation", token}, {"code", "000000"}}) == "E-TOT-01"
    );
    auto const now = totp_code(secret, totp_step(to_seconds(utc_now())));
    auto const confirmed = anyone.done("enrol.confirm", {{"invitation", token}, {"code", now}});
    CHECK(
        anyone.refused("enrol.begin", {{"invitation", token}, {"password", first}}) == "E-INV-01"
    );
    Somebody person;
    person.login = "n.belkacem";
    person.password = first;
    for (auto const& code : confirmed.at("recovery_codes").as_array())
        person.codes.emplace_back(code.as_string());
    CHECK(person.codes.size() == recovery_codes_count);

    Desk own{rig, person};
    CHECK(
        own.refused("password.change", Desk::with_factors(person, {{"new_password", first}})) ==
        "E-MDP-07"
    );
    std::string const second = "Cinq-girafes-calmes-3";
    own.done("password.change", Desk::with_factors(person, {{"new_password", second}}));
    CHECK(
        anyone.refused("login", Desk::with_factors(person, {{"login", "n.belkacem"}})) == "E-AUT-01"
    );
    stop(rig);
    rig.with_database([&](Database& db) {
        auto const row = must(db.row("SELECT token_sha256 FROM invitation"));
        CHECK(row->text("token_sha256") == to_hex(sha256(token)));
    });
    CHECK(
        must(read_file(rig.root() + "/state/ecluse.db", 1 << 26)).find(token) == std::string::npos
    );
    for (auto const* type :
         {"person.created", "person.invited", "person.activated", "credential.changed"}) {
        CAPTURE(type);
        CHECK(rig.journal(type).size() == 1);
    }
    CHECK(rig.journal("auth.failure").size() == 1);
}

TEST_CASE(
    "a departing person is suspended by the own company at once, and the live session is cut",
    "[CHM:2.7][CHM:6.7]"
)
{
    PolicydRig rig;
    auto manager = add_person(rig, "P-M", "p.remy", "V-1", {"vendor_manager"});
    RecorderProcess const recorder{rig.root()};
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    json::object const open{{"do", "open"}, {"channel", 0}, {"kind", "shell"}, {"pty", true}};
    REQUIRE(worker.ask(open).at("granted").as_bool());
    Desk desk{rig, manager};
    desk.done("person.suspend", {{"person", "jmartin"}, {"reason", "départ"}});
    auto const end = worker.push("end", 5s);
    REQUIRE(end);
    CHECK(text_of(*end, "reason") == "revoked");
    stop(rig);
    auto const suspended = rig.journal("person.suspended");
    REQUIRE(suspended.size() == 1);
    CHECK(text_of(suspended[0], "actor").find("P-M") != std::string::npos);
}

TEST_CASE("the ticket of a suspended person opens nothing", "[WEB:GA2]")
{
    PolicydRig rig;
    auto manager = add_person(rig, "P-M", "p.remy", "V-1", {"vendor_manager"});
    RecorderProcess const recorder{rig.root()};
    rig.make_desktop();
    rig.start();
    rig.wait_for_log("recorder ready");
    (void)rig.listener();
    Desk technician{rig};
    auto login = rig.login_request();
    login["do"] = "login";
    auto const token = technician.ask("login", std::move(login)).at("token");
    auto asked = rig.login_request();
    asked.erase("login");
    asked["token"] = token;
    asked["window"] = "W-1";
    asked["from"] = "127.0.0.1";
    auto const ticket = text_of(technician.done("rdp.ticket", std::move(asked)), "ticket");
    Desk desk{rig, manager};
    desk.done("person.suspend", {{"person", "jmartin"}, {"reason", "départ"}});
    auto worker = rig.worker();
    REQUIRE(worker.ask({{"do", "worker.hello"}, {"protocol", "rdp"}}).at("ok").as_bool());
    CHECK_FALSE(worker.ask({{"do", "ticket.redeem"}, {"ticket", ticket}}).at("accepted").as_bool());
    stop(rig);
    CHECK(text_of(rig.journal("ticket.refused").at(0), "outcome") == "person_not_active");
}

TEST_CASE(
    "a company sees its own objects only, and another's look like none",
    "[WEB:AA2][CLAUSIER:O-12.3.11]"
)
{
    PolicydRig rig;
    auto manager = add_person(rig, "P-M", "p.remy", "V-1", {"vendor_manager", "technician"});
    rig.sql("INSERT INTO vendor SELECT 'V-2', 'Autre SA', state, NULL, NULL, NULL, 'M-2', "
            "contract_from, contract_to, NULL, 0, 'x' FROM vendor");
    (void)add_person(rig, "P-2", "a.autre", "V-2", {"technician"});
    rig.sql("UPDATE access_window SET vendor = 'V-2'");
    rig.start();
    Desk desk{rig, manager};
    desk.done("person.show", {{"person", "jmartin"}});
    for (auto const* name : {"a.autre", "P-2", "personne"})
        CHECK(desk.refused("person.show", {{"person", name}}) == "E-INC-01");
    for (auto const* name : {"W-1", "W-9"}) {
        CHECK(desk.refused("window.show", {{"window", name}}) == "E-INC-01");
        CHECK(desk.refused("window.cancel", {{"window", name}, {"reason", "x"}}) == "E-INC-01");
    }
    CHECK(desk.refused("person.suspend", {{"person", "a.autre"}, {"reason", "x"}}) == "E-INC-01");
    stop(rig);
    CHECK(rig.journal("person.suspended").empty());
}

TEST_CASE(
    "a request carries its procedure to the approver, and the approval keeps before and after",
    "[CLAUSIER:O-12.2.5.1][CHM:6.6][CHM:8.4]"
)
{
    PolicydRig rig;
    auto technician = add_person(rig, "P-T", "t.petit", "V-1", {"technician"});
    rig.sql("UPDATE asset SET usage_hours = 'never'");
    auto dsi = add_person(rig, "P-D", "c.leroy", "", {"dsi"});
    rig.start();
    Desk asking{rig, technician};
    auto const opens = to_iso(to_seconds(utc_now()) + 1h);
    auto const closes = to_iso(to_seconds(utc_now()) + 2h);
    auto const hash = to_hex(sha256("update"));
    auto const window = text_of(
        asking.done(
            "window.request",
            {{"asset", json::array{"scanner"}},
             {"opens", opens},
             {"closes", closes},
             {"function", json::array{"shell", "file_up"}},
             {"nature", "update"},
             {"reason", "correctif de sécurité"},
             {"procedure", "PROC-12"},
             {"tools", "scripts de l’éditeur"},
             {"functions_kept", "acquisition"},
             {"safeguards", "compte sans lecture"},
             {"update_origin", "portail de l’éditeur"},
             {"update_sha256", hash},
             {"rollback_plan", "instantané"}}
        ),
        "window"
    );
    CHECK(asking.refused("window.approve", {{"window", window}}) == "E-DRT-01");
    Desk deciding{rig, dsi};
    auto const shown = json::serialize(deciding.done("window.show", {{"window", window}}));
    for (auto const& part :
         {std::string{"PROC-12"},
          std::string{"acquisition"},
          std::string{"compte sans lecture"},
          hash,
          std::string{"instantané"}})
        CHECK(shown.find(part) != std::string::npos);
    deciding.done(
        "window.approve", {{"window", window}, {"remove_function", json::array{"file_up"}}}
    );
    stop(rig);
    auto const approved = rig.journal("window.approved");
    REQUIRE(approved.size() == 1);
    auto const details = json::serialize(approved[0]);
    CHECK(details.find("before") != std::string::npos);
    CHECK(details.find("after") != std::string::npos);
}

TEST_CASE("viewing a person or the journal is an event of its own", "[CLAUSIER:O-6.3][CHM:6.4]")
{
    PolicydRig rig;
    auto dsi = add_person(rig, "P-D", "c.leroy", "", {"dsi"});
    auto rssi = add_person(rig, "P-S", "c.dupuis", "", {"rssi"});
    rig.start();
    Desk desk{rig, dsi};
    desk.done("person.show", {{"person", "jmartin"}});
    CHECK(desk.refused("journal.show") == "E-DRT-01");
    Desk watching{rig, rssi};
    watching.done("journal.show", {{"type", "person.viewed"}});
    stop(rig);
    auto const viewed = rig.journal("person.viewed");
    REQUIRE(viewed.size() == 1);
    CHECK(text_of(viewed[0], "object") == "P-1");
    CHECK(rig.journal("journal.viewed").size() == 1);
}

TEST_CASE("the hospital rotates a target's credential and the gateway's key", "[CHM:5.1]")
{
    PolicydRig rig;
    auto dsi = add_person(rig, "P-D", "c.leroy", "", {"dsi"});
    auto rssi = add_person(rig, "P-S", "c.dupuis", "", {"rssi"});
    rig.start();
    Desk desk{rig, dsi};
    desk.done("account.rotate", {{"asset", "scanner"}, {"account", "maint"}, {"method", "key"}});
    Desk keeping{rig, rssi};
    auto const before = json::serialize(keeping.done("secret.list"));
    auto const after = text_of(
        keeping.done("secret.rotate", Desk::with_factors(rssi, {{"name", "ssh_host_ed25519"}})),
        "fingerprint"
    );
    CHECK(before.find(after) == std::string::npos);
    CHECK(json::serialize(keeping.done("secret.list")).find(after) != std::string::npos);
    stop(rig);
    CHECK(rig.journal("asset.account_rotated").size() == 1);
    rig.with_database([&](Database& db) {
        auto const row = must(db.row("SELECT public FROM asset_account WHERE id = 'AA-1'"));
        CHECK(row->text("public").find(to_base64(rig.world.target_key)) == std::string::npos);
    });
}

TEST_CASE("a person reads the last login and the failures since, from every door", "[WEB:AA9]")
{
    PolicydRig rig;
    rig.sql("UPDATE authorized_source SET range = '127.0.0.0/24'");
    rig.start();
    auto first = rig.logged_in("127.0.0.1");
    first.close();
    auto wrong = rig.worker("127.0.0.2");
    REQUIRE(wrong.ask({{"do", "worker.hello"}, {"protocol", "ssh"}}).at("ok").as_bool());
    CHECK_FALSE(wrong
                    .ask(
                        {{"do", "auth.finish"},
                         {"login", "jmartin"},
                         {"password", "faux"},
                         {"code", "000000"}}
                    )
                    .at("accepted")
                    .as_bool());
    auto second = rig.worker("127.0.0.3");
    REQUIRE(second.ask({{"do", "worker.hello"}, {"protocol", "ssh"}}).at("ok").as_bool());
    auto const answer = second.ask(rig.login_request());
    INFO(json::serialize(answer));
    REQUIRE(answer.at("accepted").as_bool());
    auto const& last = answer.at("last_login").as_object();
    CHECK(text_of(last, "from") == "127.0.0.1");
    CHECK(text_of(last, "door") == "ssh");
    CHECK(answer.at("failures").as_int64() == 1);
}

TEST_CASE(
    "a session, its events and its recording name the same person, company, address and account",
    "[CHM:6.8][HDS:EXI-07][CHM:8.14][WEB:TR2]"
)
{
    PolicydRig rig;
    RecorderProcess const recorder{rig.root()};
    rig.start();
    rig.wait_for_log("recorder ready");
    auto worker = rig.logged_in();
    auto const granted =
        worker.ask({{"do", "open"}, {"channel", 0}, {"kind", "shell"}, {"pty", true}});
    REQUIRE(granted.at("granted").as_bool());
    auto const session = text_of(granted, "session");
    worker.tell(
        {{"do", "event"},
         {"type", "exec"},
         {"channel", 0},
         {"command", "id"},
         {"command_sha256", to_hex(sha256("id"))},
         {"exit", 0}}
    );
    worker.tell({{"do", "ended"}, {"reason", "client_left"}, {"bytes_in", 1}, {"bytes_out", 1}});
    rig.wait_for_log("ended, client_left");
    stop(rig);
    for (auto const* type : {"session.started", "command.exec", "session.ended"}) {
        CAPTURE(type);
        auto const events = rig.journal(type);
        REQUIRE(events.size() == 1);
        INFO(json::serialize(events[0]));
        CHECK(text_of(events[0], "actor") == "P-1");
        CHECK(text_of(events[0], "object") == session);
        CHECK(text_of(events[0], "source") == "127.0.0.1");
    }
    auto const header = must(parse_object(
        must(read_file(rig.root() + "/recordings/by-id/" + session + "/header.json", 1 << 16))
    ));
    CHECK(text_of(header, "session") == session);
    auto const& facts = header.at("facts").as_object();
    CHECK(text_of(facts.at("person").as_object(), "name") == "Jeanne Martin");
    CHECK(text_of(facts.at("vendor").as_object(), "name") == "Imagerie SA");
    CHECK(text_of(facts.at("source").as_object(), "address") == "127.0.0.1");
    CHECK(text_of(facts.at("target").as_object(), "account") == "maint");
}

TEST_CASE("a table of people is tried, then recorded whole or not at all", "[CHM:2.5][CHM:8.2]")
{
    PolicydRig rig;
    auto manager = add_person(rig, "P-M", "m.manager", "V-1", {"vendor_manager"});
    auto dsi = add_person(rig, "P-D", "c.leroy", "", {"dsi"});
    auto escort = add_person(rig, "P-E", "e.escort", "", {"escort"});
    rig.start();
    std::string const head = "prénom;nom;identifiant;courriel;rôle;jusqu’au\n";
    std::string const good = "Nadia;Belkacem;n.belkacem;n@imagelec.example;technician;31/12/2026\n";
    auto const wrong = head + good +
                       "Paul;;p.x;p@imagelec.example;technician;\n"
                       "Équipe;SAV;support;s@imagelec.example;technician;\n"
                       "Nadia;Double;n.belkacem;d@imagelec.example;technician;\n"
                       "Chef;Dsi;c.dsi;c@imagelec.example;dsi;\n"
                       "Trop;Court;t.court;t@imagelec.example\n"
                       "Date;Fausse;d.fausse;d@imagelec.example;technician;31/02/2026\n";
    Desk desk{rig, manager};
    SECTION("a trial shows every error at once and changes nothing")
    {
        auto const trial = desk.done("person.import", {{"csv", wrong}, {"dry_run", true}});
        CHECK(trial.at("lines").as_int64() == 7);
        CHECK(trial.at("good").as_int64() == 1);
        std::vector<std::pair<std::int64_t, std::string>> found;
        for (auto const& error : trial.at("errors").as_array())
            found.emplace_back(
                error.at("line").as_int64(), std::string{error.at("code").as_string()}
            );
        using Found = std::vector<std::pair<std::int64_t, std::string>>;
        CHECK(
            found ==
            Found{
                {3, "E-SAI-01"},
                {4, "E-NOM-01"},
                {5, "E-DEJ-01"},
                {6, "E-ROL-02"},
                {7, "E-IMP-01"},
                {8, "E-SAI-01"}}
        );
        CHECK(desk.refused("person.import", {{"csv", wrong}}) == "E-IMP-02");
        CHECK(desk.refused("person.import", {{"csv", "nom\nx\n"}}) == "E-IMP-01");
        CHECK(
            desk.refused("person.import", {{"csv", std::string(49UL * 1024, 'x')}}) == "E-IMP-01"
        );
        CHECK(desk.refused("person.show", {{"person", "n.belkacem"}}) == "E-INC-01");
        stop(rig);
        CHECK(rig.journal("person.imported").empty());
    }
    SECTION("a good table makes everybody of it, in one journal line that names them")
    {
        auto const table = head + good + "Élodie;Le Goff;e.legoff;e@imagelec.example;technician;\n";
        CHECK(desk.done("person.import", {{"csv", table}}).at("created").as_int64() == 2);
        auto const shown = json::serialize(desk.done("person.show", {{"person", "n.belkacem"}}));
        CHECK(shown.find("2026-12-30T23:00:00Z") != std::string::npos);
        // Sent again: everybody is there already.
        CHECK(desk.refused("person.import", {{"csv", table}}) == "E-IMP-02");
        // Another company is not the manager's to fill.
        Desk hospital{rig, dsi};
        hospital.done(
            "vendor.create",
            {{"name", "Autre"},
             {"contract_reference", "C-9"},
             {"contract_from", "2026-01-01T00:00:00Z"},
             {"contract_to", "2030-01-01T00:00:00Z"}}
        );
        auto const foreign = "prénom;nom;identifiant;courriel;rôle;titulaire\n"
                             "A;B;a.bcd;a@autre.example;technician;Autre\n";
        auto const trial = desk.done("person.import", {{"csv", foreign}, {"dry_run", true}});
        CHECK(trial.at("errors").as_array()[0].at("code").as_string() == "E-PER-01");
        CHECK(hospital.done("person.import", {{"csv", foreign}}).at("created").as_int64() == 1);
        Desk companion{rig, escort};
        CHECK(companion.refused("person.import", {{"csv", table}}) == "E-DRT-01");
        stop(rig);
        auto const imported = rig.journal("person.imported");
        REQUIRE(imported.size() == 2);
        auto const details = json::serialize(imported[0]);
        CHECK(details.find("sha256:" + to_hex(sha256(table))) != std::string::npos);
        CHECK(details.find("e.legoff") != std::string::npos);
    }
}
