#include "common/bytes.h"
#include "common/json.h"
#include "common/log.h"
#include "common/packet.h"
#include "common/sandbox.h"
#include "common/secret.h"
#include "recorder/replay/pieces.h"

#include <openssl/crypto.h>

#include <exception>
#include <fcntl.h>

/// ecluse-replay: descriptor 3 is a packet socket to policyd. One request with the content key and
/// the files of one recording, one answer written into the last descriptor, the end: whoever takes
/// this process over finds one recording, which was being shown anyway
/// (docs/decisions/0019-replay-in-a-process-per-piece.md).
namespace {

using namespace ecluse;

constexpr int parent_descriptor = 3;

struct Asked {
    std::int64_t id = 0;
    bool video = false;
    Language language = Language::french;
    std::string certificate;
    std::vector<std::string> files;
    recording::VideoSpan span{};
    Secret key;
};

Result<Asked> read_request(Packet& packet)
{
    auto object = ECLUSE_TRY(parse_object(packet.json));
    wipe(packet.json);
    Fields fields{object};
    Asked asked;
    auto const what = fields.text("do", 32);
    if (what != "replay.watch" && what != "replay.video") fields.fault("do", "unknown");
    asked.video = what == "replay.video";
    asked.id = fields.number("id", 1);
    asked.language = parse_language(fields.text("language", 2)).value_or(Language::french);
    asked.certificate = fields.text("certificate", 16 * 1024);
    asked.files = fields.texts("files");
    auto const number = [&fields](char const* name) {
        return static_cast<std::uint64_t>(fields.optional_number(name, 0).value_or(0));
    };
    asked.span = {number("from"), number("from_ms"), number("to_ms")};
    auto text = fields.text("key", 128);
    if (auto const done = fields.finish(); !done) return done.error();
    auto bytes = from_base64(text);
    wipe(text);
    if (!bytes) return bytes.error();
    asked.key = Secret{*bytes};
    return asked;
}

Result<std::string> answer(Asked asked, recording::RecordingFiles files)
{
    json::object shown;
    if (!asked.video && asked.span.segment == 0) {
        auto verdict = recording::check_integrity(files, asked.certificate, asked.language);
        // Nothing is shown of a recording that was altered.
        if (!verdict.intact) return json::serialize(verdict.shown);
        shown = std::move(verdict.shown);
    }
    auto const opened = ECLUSE_TRY(recording::Recording::open(std::move(files)));
    auto const key = ECLUSE_TRY(recording::ContentKey::from_bytes(std::move(asked.key)));
    if (to_hex(key.commitment()) != opened.header().key_commitment)
        return Error{Errc::refused, "not the key that the header commits to"};
    if (asked.video) return recording::video_piece(opened, key, asked.span);
    auto const add = [&shown](json::object more) {
        for (auto& [name, value] : more)
            shown[name] = std::move(value);
    };
    if (asked.span.segment == 0) add(ECLUSE_TRY(recording::describe_recording(opened, key)));
    if (asked.span.segment != 0 || !shown.at("desktop").as_bool())
        add(ECLUSE_TRY(recording::terminal_piece(opened, key, asked.span.segment)));
    return json::serialize(shown);
}

Result<> serve(PacketSocket const& parent)
{
    auto packet = ECLUSE_TRY(parent.receive());
    if (!packet) return {};
    ECLUSE_TRY(confine(ProcessRole::replay));
    auto asked = ECLUSE_TRY(read_request(*packet));
    auto descriptors = std::move(packet->descriptors);
    if (descriptors.empty()) return Error{Errc::malformed, "nothing to write to"};
    auto const output = std::move(descriptors.back());
    descriptors.pop_back();
    auto files =
        ECLUSE_TRY(recording::RecordingFiles::from_descriptors(asked.files, std::move(descriptors))
        );
    auto const id = asked.id;
    auto const written = [&]() -> Result<> {
        auto const bytes = ECLUSE_TRY(answer(std::move(asked), std::move(files)));
        return write_all(output.get(), bytes);
    }();
    if (written) return parent.send(json::object{{"re", id}, {"ok", true}});
    bool const refused = written.error().code == Errc::refused;
    ECLUSE_TRY(parent.send(json::object{{"re", id}, {"ok", false}, {"wrong_key", refused}}));
    return written;
}

} // namespace

int main()
{
    set_log_name("ecluse-replay");
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
