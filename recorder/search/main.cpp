#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "common/packet.h"
#include "common/sandbox.h"
#include "common/secret.h"
#include "recorder/search/index.h"
#include "recorder/search/source.h"

#include <openssl/crypto.h>
#include <sqlite3.h>

#include <algorithm>
#include <exception>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/// ecluse-search: descriptor 3 is a packet socket to policyd, or to eclusectl. One reader's index:
/// recordings and their keys come in, hits go out, and everything ends with the process
/// (docs/decisions/0025-search-in-memory-from-sealed-text.md).
namespace {

using namespace ecluse;

constexpr int parent_descriptor = 3;
/// The text of a report: its form is smaller.
constexpr std::size_t report_bytes_max = 256 * 1024;

/// So that no text reaches a swap device. Where a limit stands in the way, units and the system's
/// settings say what happens instead (docs/fr/guide-rssi.md, § 2).
bool lock_memory()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return false;
    auto const needed = static_cast<rlim_t>(recording::SearchIndex::memory_max) * 2;
    if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < needed) return false;
    return ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

/// When memory is short, this goes, and not who started it: a search can be begun again.
void offer_to_go_first()
{
    Fd const file{::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)};
    if (file) (void)write_all(file.get(), "1000");
}

struct Addition {
    recording::SessionFacts facts;
    std::vector<std::string> files;
    bool report = false;
    Secret key;
};

Result<Addition> read_addition(Fields& fields)
{
    Addition addition;
    auto text = fields.text("key", 128);
    addition.files = fields.texts("files");
    addition.report = fields.flag("report", false);
    auto const facts = fields.object("facts");
    auto const done = fields.finish();
    auto bytes = from_base64(text);
    wipe(text);
    if (!done) return done.error();
    if (!bytes) return bytes.error();
    addition.key = Secret{*bytes};
    addition.facts = ECLUSE_TRY(recording::parse_session_facts(facts));
    return addition;
}

Result<json::object> add(recording::SearchIndex& index, Fields& fields, std::vector<Fd> descriptors)
{
    auto addition = ECLUSE_TRY(read_addition(fields));
    std::string report;
    if (addition.report) {
        if (descriptors.empty()) return Error{Errc::malformed, "no report"};
        report = ECLUSE_TRY(read_all(descriptors.back().get(), report_bytes_max));
        descriptors.pop_back();
    }
    auto files = ECLUSE_TRY(
        recording::RecordingFiles::from_descriptors(addition.files, std::move(descriptors))
    );
    auto const opened = ECLUSE_TRY(recording::Recording::open(std::move(files)));
    if (opened.header().session != addition.facts.session)
        return Error{Errc::corrupt, "another session's files"};
    auto const key = ECLUSE_TRY(recording::ContentKey::from_bytes(std::move(addition.key)));
    if (to_hex(key.commitment()) != opened.header().key_commitment)
        return Error{Errc::refused, "not the key that the header commits to"};
    auto found = ECLUSE_TRY(recording::find_text(opened, key));
    auto const added = index.add(std::move(addition.facts), found.text, report);
    wipe(found.text);
    if (!added) return added.error();
    return json::object{{"lines", added->lines}, {"cut", added->cut}, {"derived", found.derived}};
}

Result<json::object>
find(recording::SearchIndex& index, Fields& fields, std::vector<Fd> const& descriptors)
{
    recording::SearchQuestion question;
    question.words = fields.text("words", 1024);
    question.person = fields.text("person", 256);
    question.vendor = fields.text("vendor", 256);
    question.asset = fields.text("asset", 256);
    question.kind = fields.text("kind", 32);
    question.from_ms = fields.number("from_ms", 0);
    question.to_ms = fields.number("to_ms", 0);
    question.after = static_cast<std::size_t>(fields.number("after", 0));
    ECLUSE_TRY(fields.finish());
    if (descriptors.size() != 1) return Error{Errc::malformed, "nothing to write to"};
    auto found = ECLUSE_TRY(index.find(question));
    auto const sessions = found.at("sessions").as_array().size();
    ECLUSE_TRY(write_all(descriptors[0].get(), json::serialize(found)));
    return json::object{{"sessions", sessions}};
}

/// Why a recording could not be added, as a word; the rest goes to the log.
char const* word_of(Errc code)
{
    if (code == Errc::refused) return "wrong_key";
    if (code == Errc::too_large) return "full";
    return "unreadable";
}

Result<> answer(PacketSocket const& parent, recording::SearchIndex& index, Packet packet)
{
    auto object = ECLUSE_TRY(parse_object(packet.json));
    wipe(packet.json);
    Fields fields{object};
    auto const what = fields.text("do", 32);
    auto const id = fields.number("id", 1);
    auto done = what == "search.add"    ? add(index, fields, std::move(packet.descriptors))
                : what == "search.find" ? find(index, fields, packet.descriptors)
                                        : Error{Errc::malformed, "unknown request"};
    if (auto* const key = object.if_contains("key"); key && key->is_string())
        std::fill(key->get_string().begin(), key->get_string().end(), '\0');
    json::object reply{{"re", id}, {"ok", done.has_value()}};
    if (done) {
        for (auto& [name, value] : *done)
            reply[name] = std::move(value);
    } else {
        log(LogLevel::warning, done.error().what);
        reply["why"] = word_of(done.error().code);
    }
    return parent.send(reply);
}

Result<> serve(PacketSocket const& parent)
{
    // Before the confinement: SQLite asks the system for randomness once.
    char seed = 0;
    sqlite3_randomness(1, &seed);
    auto index = ECLUSE_TRY(recording::SearchIndex::open());
    offer_to_go_first();
    if (!lock_memory()) log(LogLevel::info, "memory is not locked: the limit forbids it");
    ECLUSE_TRY(confine(ProcessRole::search));
    for (;;) {
        auto packet = ECLUSE_TRY(parent.receive());
        if (!packet) return {};
        ECLUSE_TRY(answer(parent, index, *std::move(packet)));
    }
}

} // namespace

int main()
{
    set_log_name("ecluse-search");
    // Before the confinement: OpenSSL looks for its configuration once.
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr);
    try {
        PacketSocket const parent{Fd{parent_descriptor}};
        ::fcntl(parent_descriptor, F_SETFD, FD_CLOEXEC);
        auto const done = serve(parent);
        if (done) return 0;
        log(LogLevel::error, done.error().what);
    } catch (std::exception const& fault) {
        log(LogLevel::error, fault.what());
    }
    return 1;
}
