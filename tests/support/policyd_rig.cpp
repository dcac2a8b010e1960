#include "tests/support/policyd_rig.h"

#include "common/bytes.h"
#include "policies/core/recovery_codes.h"
#include "policies/core/totp.h"
#include "policies/policyd/boxes.h"
#include "policies/store/database.h"
#include "tests/support/must.h"

#include <arpa/inet.h>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ecluse::test {
namespace {

bool readable(int fd, std::chrono::milliseconds limit)
{
    pollfd watched{fd, POLLIN, 0};
    return ::poll(&watched, 1, static_cast<int>(limit.count())) > 0;
}

sockaddr_in loopback(std::string const& address, std::uint16_t port)
{
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(port);
    REQUIRE(::inet_pton(AF_INET, address.c_str(), &place.sin_addr) == 1);
    return place;
}

Fd listening(std::uint16_t& port)
{
    Fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    auto place = loopback("127.0.0.1", 0);
    REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&place), sizeof place) == 0);
    REQUIRE(::listen(fd.get(), 16) == 0);
    socklen_t size = sizeof place;
    REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&place), &size) == 0);
    port = ntohs(place.sin_port);
    return fd;
}

std::int64_t seconds(UtcTime at)
{
    return at.time_since_epoch().count();
}

} // namespace

TcpTarget::TcpTarget() : fd_{listening(port_)} {}

Fd TcpTarget::accept(std::chrono::milliseconds limit)
{
    if (!readable(fd_.get(), limit)) return {};
    return Fd{::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
}

std::int64_t Peer::tell(json::object request, std::vector<int> const& given)
{
    request["id"] = ++id_;
    auto sent = socket_.send(request, given);
    while (!sent && sent.error().code == Errc::unavailable) {
        pollfd full{socket_.fd(), POLLOUT, 0};
        ::poll(&full, 1, 1000);
        sent = socket_.send(request, given);
    }
    // A peer that hung up is what some tests wait for: their next call says so.
    if (!sent) closed_ = true;
    return id_;
}

json::object Peer::ask(json::object request, std::vector<int> const& given)
{
    return answer_to(tell(std::move(request), given));
}

std::optional<json::object> Peer::next(std::chrono::milliseconds limit)
{
    auto packet = socket_.receive(limit);
    if (!packet) return std::nullopt;
    if (!*packet) {
        closed_ = true;
        return std::nullopt;
    }
    descriptors = std::move((*packet)->descriptors);
    return must(parse_object((*packet)->json));
}

json::object Peer::answer_to(std::int64_t id, std::chrono::milliseconds limit)
{
    auto const until = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < until && !closed_) {
        auto object = next(std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now()
        ));
        if (!object) continue;
        if (auto const* re = object->if_contains("re"); re && re->as_int64() == id) return *object;
        pushes_.emplace_back(std::move(*object), std::move(descriptors));
    }
    FAIL("no answer " << (closed_ ? "(closed)" : "in time"));
    return {};
}

std::optional<json::object> Peer::push(std::string_view name, std::chrono::milliseconds limit)
{
    auto const until = std::chrono::steady_clock::now() + limit;
    for (;;) {
        for (auto it = pushes_.begin(); it != pushes_.end(); ++it) {
            auto const* const kind = it->first.if_contains("push");
            if (!kind || kind->as_string() != name) continue;
            auto found = std::move(it->first);
            descriptors = std::move(it->second);
            pushes_.erase(it);
            return found;
        }
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now()
        );
        if (left <= 0ms || closed_) return std::nullopt;
        if (auto object = next(left))
            pushes_.emplace_back(std::move(*object), std::move(descriptors));
    }
}

bool Peer::closed(std::chrono::milliseconds limit)
{
    auto const until = std::chrono::steady_clock::now() + limit;
    while (!closed_ && std::chrono::steady_clock::now() < until)
        if (auto object = next(std::chrono::duration_cast<std::chrono::milliseconds>(
                until - std::chrono::steady_clock::now()
            )))
            pushes_.emplace_back(std::move(*object), std::move(descriptors));
    return closed_;
}

PolicydRig::PolicydRig()
{
    for (auto const* name : {"etc", "run", "state", "journal", "recordings"})
        std::filesystem::create_directories(root() + "/" + name);
    auto const key = random_bytes(32);
    write("etc/master.key", to_hex(key) + "\n", 0400);
    vault_ = std::make_unique<Vault>(Vault::with_key(Secret::copy_of(key)));
    write("etc/rssi.pem", identity(KeyKind::rsa3072, 0).certificate);
    write("etc/escrow.pem", identity(KeyKind::rsa3072, 1).certificate);
    write("etc/ecluse.toml", "[site]\nname = \"CH d'essai\"\nphone = \"01 23 45 67 89\"\n");
    world.opens = to_seconds(utc_now()) - 1h;
    world.closes = to_seconds(utc_now()) + 1h;
    seed();
}

PolicydRig::~PolicydRig()
{
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void PolicydRig::write(std::string const& path, std::string const& text, unsigned mode)
{
    must(write_file_durably(root() + "/" + path, text, mode));
}

void PolicydRig::with_database(std::function<void(Database&)> const& work)
{
    auto database = must(Database::open(root() + "/state/ecluse.db"));
    work(database);
}

void PolicydRig::sql(std::string const& statement)
{
    with_database([&](Database& database) { must(database.run(statement)); });
}

void PolicydRig::seed()
{
    world.totp_secret = random_bytes(totp_secret_bytes);
    auto const key = must(SshKey::generate_ed25519());
    world.ssh_key = key.public_line();
    auto const target_key = must(SshKey::generate_ed25519());
    world.target_key = target_key.public_blob();
    auto const now = seconds(to_seconds(utc_now()));
    with_database([&](Database& db) {
        auto const run = [&](char const* sql, std::vector<SqlValue> const& values) {
            must(db.run(sql, values));
        };
        run("INSERT INTO vendor (id, name, state, contract_reference, contract_from, contract_to, "
            "created_at, "
            "created_by) VALUES ('V-1', 'Imagerie SA', 'active', 'M-1', $1, $2, $3, 'P-DSI')",
            {now - 86400, now + 86400, now});
        run("INSERT INTO person (id, login, first_name, last_name, vendor, state, "
            "identity_verified_at, "
            "language, created_at, created_by) VALUES ('P-1', 'jmartin', 'Jeanne', 'Martin', "
            "'V-1', 'active', "
            "$1, 'fr', $2, 'P-DSI')",
            {now, now});
        run("INSERT INTO person (id, login, first_name, last_name, state, language, created_at, "
            "created_by) "
            "VALUES ('P-DSI', 'dsi', 'Anne', 'Durand', 'active', 'fr', $1, 'setup')",
            {now});
        run("INSERT INTO person_role (person, role, granted_by, granted_at) VALUES ('P-1', "
            "'technician', 'P-DSI', $1)",
            {now});
        run("INSERT INTO authenticator (id, person, kind, hash, created_at, confirmed_at) "
            "VALUES ('A-1', 'P-1', 'password', $1, $2, $3)",
            {hash_password(world.password), now, now});
        run("INSERT INTO authenticator (id, person, kind, secret_sealed, created_at, confirmed_at) "
            "VALUES ('A-2', 'P-1', 'totp', $1, $2, $3)",
            {Blob{vault_->seal(policyd::box::authenticator("A-2"), world.totp_secret)}, now, now});
        run("INSERT INTO authenticator (id, person, kind, public, created_at, confirmed_at) "
            "VALUES ('A-3', 'P-1', 'ssh_key', $1, $2, $3)",
            {world.ssh_key, now, now});
        for (int i = 0; i < 20; ++i) {
            auto const code = random_spelling(recovery_code_characters);
            world.recovery.push_back(format_recovery_code(code));
            auto const id = "A-R" + std::to_string(i);
            auto const digest = sha256(*normalize_recovery_code(code));
            run("INSERT INTO authenticator (id, person, kind, secret_sealed, created_at, "
                "confirmed_at) "
                "VALUES ($1, 'P-1', 'recovery', $2, $3, $4)",
                {id, Blob{vault_->seal(policyd::box::authenticator(id), digest)}, now, now});
        }
        run("INSERT INTO authorized_source (id, vendor, range, kind, reason, state, declared_by, "
            "declared_at, "
            "decided_by, decided_at, valid_from) VALUES ('AS-1', 'V-1', '127.0.0.1/32', 'public', "
            "'essai', 'approved', "
            "'P-1', $1, 'P-DSI', $2, $3)",
            {now, now, now - 3600});
        run("INSERT INTO asset (id, name, description, protocol, host, port, state, usage_hours, "
            "default_open_mode, "
            "session_limit, recording_days, created_at, created_by) VALUES ('T-1', 'scanner', "
            "'Scanner', 'ssh', "
            "'127.0.0.1', $1, 'active', 'never', 'auto', 5, 365, $2, 'P-DSI')",
            {std::int64_t{target.port()}, now});
        run("INSERT INTO asset_host_key (asset, key, pinned_by, pinned_at) VALUES ('T-1', $1, "
            "'P-DSI', $2)",
            {must(SshKey::generate_ed25519()).public_line(), now});
        run("INSERT INTO asset_account (id, asset, name, method, secret_sealed, public, "
            "rotated_at) "
            "VALUES ('AA-1', 'T-1', 'maint', 'key', $1, $2, $3)",
            {Blob{vault_->seal(
                 policyd::box::asset_account("AA-1"), target_key.private_text().reveal()
             )},
             target_key.public_line(),
             now});
        run("INSERT INTO vendor_asset (vendor, asset) VALUES ('V-1', 'T-1')", {});
        run("INSERT INTO access_window (id, vendor, opens_at, closes_at, state, open_mode, nature, "
            "reason, details, "
            "requested_by, requested_at, decided_by, decided_at) VALUES ('W-1', 'V-1', $1, $2, "
            "'approved', 'auto', "
            "'corrective', 'panne', '{}', 'P-1', $3, 'P-DSI', $4)",
            {seconds(world.opens), seconds(world.closes), now, now});
        run("INSERT INTO window_person (window, person) VALUES ('W-1', 'P-1')", {});
        run("INSERT INTO window_asset (window, asset, account) VALUES ('W-1', 'T-1', 'maint')", {});
        for (auto const* function : {"shell", "exec", "file_up"})
            run("INSERT INTO window_function (window, function) VALUES ('W-1', $1)",
                {std::string{function}});
        run("INSERT INTO charter (version, title, body, sha256, published_by, published_at) "
            "VALUES (1, 'Charte', 'Texte', 'abc', 'P-DSI', $1)",
            {now});
        run("INSERT INTO charter_acceptance (charter, person, sha256, accepted_at, address) "
            "VALUES (1, 'P-1', 'abc', $1, '127.0.0.1')",
            {now});
    });
}

void PolicydRig::make_desktop()
{
    door = "rdp";
    auto const sealed = vault_->seal(policyd::box::asset_account("AA-1"), desktop_password);
    with_database([&](Database& db) {
        must(db.run("UPDATE asset SET protocol = 'rdp', security = 'nla' WHERE id = 'T-1'"));
        must(db.run(
            "UPDATE asset_account SET method = 'password', domain = 'CHU', public = NULL, "
            "secret_sealed = $1 WHERE id = 'AA-1'",
            {Blob{sealed}}
        ));
        must(db.run(
            "UPDATE asset_host_key SET key = $1 WHERE asset = 'T-1'",
            {std::string{"x509-sha256 "} + desktop_pin}
        ));
        must(db.run("DELETE FROM window_function"));
        for (auto const* function : {"desktop", "clipboard_in"})
            must(db.run(
                "INSERT INTO window_function (window, function) VALUES ('W-1', $1)",
                {std::string{function}}
            ));
    });
}

void PolicydRig::start(std::vector<std::string> environment)
{
    std::filesystem::remove(root() + "/run/listen.sock");
    Fd const output{
        ::open((root() + "/policyd.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
    std::string const program = ECLUSE_POLICYD_PROGRAM;
    std::vector<std::string> words{program, "--root", root()};
    std::vector<char*> arguments, variables;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    for (auto& variable : environment)
        variables.push_back(variable.data());
    variables.push_back(nullptr);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
        ::dup2(output.get(), 2);
        ::execve(program.c_str(), arguments.data(), variables.data());
        ::_exit(127);
    }
    listener_.reset();
}

void PolicydRig::signal(int number) const
{
    REQUIRE(::kill(pid_, number) == 0);
}

int PolicydRig::wait()
{
    int status = 0;
    REQUIRE(::waitpid(pid_, &status, 0) == pid_);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string PolicydRig::log() const
{
    return must(read_file(root() + "/policyd.log", 1 << 20));
}

void PolicydRig::wait_for_log(std::string_view text, std::chrono::milliseconds limit) const
{
    auto const until = std::chrono::steady_clock::now() + limit;
    while (log().find(text) == std::string::npos) {
        if (std::chrono::steady_clock::now() > until)
            FAIL("not in the log: " << text << "\n" << log());
        ::poll(nullptr, 0, 10);
    }
}

Peer& PolicydRig::listener()
{
    if (listener_) return *listener_;
    auto const until = std::chrono::steady_clock::now() + 15s;
    for (;;) {
        auto connected = PacketSocket::connect(root() + "/run/listen.sock");
        if (connected) {
            listener_ = std::make_unique<Peer>(std::move(*connected));
            break;
        }
        if (std::chrono::steady_clock::now() > until) FAIL("policyd does not listen: " + log());
        ::poll(nullptr, 0, 10);
    }
    auto const answer = listener_->ask(
        {{"do", "listen.hello"}, {"door", door}, {"address", "127.0.0.1"}, {"port", 2222}}
    );
    REQUIRE(answer.at("ok").as_bool());
    return *listener_;
}

Peer PolicydRig::worker(std::string const& from)
{
    std::uint16_t port = 0;
    auto const entrance = listening(port);
    Fd const vendor{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    auto here = loopback(from, 0);
    REQUIRE(::bind(vendor.get(), reinterpret_cast<sockaddr*>(&here), sizeof here) == 0);
    auto const there = loopback("127.0.0.1", port);
    REQUIRE(::connect(vendor.get(), reinterpret_cast<sockaddr const*>(&there), sizeof there) == 0);
    Fd const accepted{::accept4(entrance.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    auto ends = must(PacketSocket::pair());
    listener().tell(
        {{"do", "listen.connection"}, {"address", from}, {"port", 1}},
        {accepted.get(), ends.second.fd()}
    );
    return Peer{std::move(ends.first)};
}

json::object PolicydRig::login_request(std::string const& login)
{
    return {
        {"do", "auth.finish"},
        {"login", login},
        {"password", world.password},
        {"code", world.recovery.at(codes_used_++)}};
}

Peer PolicydRig::logged_in(std::string const& from)
{
    auto peer = worker(from);
    REQUIRE(peer.ask({{"do", "worker.hello"}, {"protocol", door}}).at("ok").as_bool());
    auto const answer = peer.ask(login_request());
    INFO(json::serialize(answer));
    REQUIRE(answer.at("accepted").as_bool());
    return peer;
}

std::vector<json::object> PolicydRig::journal(std::string const& type)
{
    std::vector<json::object> events;
    with_database([&](Database& database) {
        for (auto const& row : must(database.rows(
                 "SELECT event FROM journal_event WHERE type = $1 ORDER BY sequence", {type}
             )))
            events.push_back(must(parse_object(row.text("event"))));
    });
    return events;
}

} // namespace ecluse::test
