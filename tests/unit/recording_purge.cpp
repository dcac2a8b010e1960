#include "common/bytes.h"
#include "common/json.h"
#include "recorder/daemon/purge.h"
#include "recorder/verify/verify.h"
#include "tests/support/identity.h"
#include "tests/support/must.h"
#include "tests/support/recording_sample.h"

#include <filesystem>

using namespace ecluse;
using namespace ecluse::recording;
using namespace ecluse::test;
using namespace std::chrono_literals;

namespace {

/// A sealed recording where the recorder's store has it, and what is said about destroying it.
struct Kept {
    Kept()
    {
        make_recording(must(store.create("S-SAMPLE1")), small_sample());
        // The sample's folder is made by the real writer: the seal's time is now.
        sealed = to_seconds(utc_now());
    }
    [[nodiscard]] std::string folder() const { return must(store.find("S-SAMPLE1")); }
    [[nodiscard]] std::string path(std::string const& name) const { return folder() + "/" + name; }

    [[nodiscard]] std::string certificate(UtcTime purged, std::int64_t kept_days = 90) const
    {
        return json::serialize(json::object{
                   {"format", "ecluse-purge-1"},
                   {"session", "S-SAMPLE1"},
                   {"header_sha256", to_hex(sha256(content_of(path("header.json"))))},
                   {"seal_sha256", to_hex(sha256(content_of(path("seal.json"))))},
                   {"ended", to_iso(sealed)},
                   {"kept_days", kept_days},
                   {"purged", to_iso(purged)}}) +
               "\n";
    }
    Result<std::string> purge(std::string const& text, UtcTime now) const
    {
        return recorder::purge(store, text, sign_with(identity(KeyKind::p256), text), now);
    }
    [[nodiscard]] Verdict verdict() const
    {
        return verify(must(RecordingFiles::from_folder(folder())), {});
    }
    [[nodiscard]] int shell() const
    {
        return run_shell("sh " ECLUSE_SHELL_VERIFIER " " + folder()).status;
    }
    [[nodiscard]] bool has(std::string const& name) const
    {
        return std::filesystem::exists(path(name));
    }

    TemporaryFolder root;
    recorder::Store store = must(recorder::Store::open(root.path() + "/recordings"));
    UtcTime sealed;
};

} // namespace

TEST_CASE(
    "a purge destroys content and keys, and what is left still proves that they existed",
    "[CLAUSIER:O-6.5]"
)
{
    Kept const kept;
    auto const term = kept.sealed + std::chrono::days{90};
    auto const text = kept.certificate(term);
    CHECK(must(kept.purge(text, term)) == to_hex(sha256(text)));
    for (auto const* const name : {"record.bin", "key-rssi.cms", "key-escrow.cms"})
        CHECK_FALSE(kept.has(name));
    CHECK(content_of(kept.path("purge.json")) == text);
    auto const verdict = kept.verdict();
    CHECK(verdict.good());
    CHECK(
        std::find(verdict.notes.begin(), verdict.notes.end(), NoteKind::purged) !=
        verdict.notes.end()
    );
    CHECK(kept.shell() == 0);

    // Asked again, by a policyd that did not hear the answer: the first certificate stays.
    auto const later = kept.certificate(term + 1h);
    CHECK(must(kept.purge(later, term + 1h)) == to_hex(sha256(text)));
    CHECK(content_of(kept.path("purge.json")) == text);
}

TEST_CASE("a purge that a crash cut short is explained, and finished when asked again")
{
    Kept const kept;
    auto const term = kept.sealed + std::chrono::days{90};
    auto const record = content_of(kept.path("record.bin"));
    auto const text = kept.certificate(term);
    must(kept.purge(text, term));
    // As if the power went between the keys and the content.
    overwrite(kept.path("record.bin"), record);
    CHECK(kept.verdict().good());
    CHECK(kept.shell() == 0);
    must(kept.purge(text, term));
    CHECK_FALSE(kept.has("record.bin"));
    // What comes back must be what went.
    overwrite(kept.path("record.bin"), record + "x");
    CHECK_FALSE(kept.verdict().good());
    CHECK(kept.shell() == 7);
}

TEST_CASE(
    "nothing goes before its term, for another recording, or by another hand", "[CLAUSIER:O-6.5]"
)
{
    Kept const kept;
    auto const term = kept.sealed + std::chrono::days{90};
    auto const good = kept.certificate(term);
    auto const refused = [&](std::string const& text, UtcTime now) {
        CHECK_FALSE(kept.purge(text, now));
        CHECK(kept.has("record.bin"));
        CHECK_FALSE(kept.has("purge.json"));
    };
    // The certificate's own words, then the recorder's own clock.
    refused(kept.certificate(term - 1s), term);
    refused(good, kept.sealed + std::chrono::days{29});
    refused(
        kept.certificate(kept.sealed + std::chrono::days{1}, 1), kept.sealed + std::chrono::days{2}
    );
    auto other = good;
    other.replace(other.find("seal_sha256") + 14, 4, "0000");
    refused(other, term);
    refused(good.substr(0, good.size() - 1), term);
    refused(good + "\n", term);
    refused(" " + good, term);
    CHECK_FALSE(recorder::purge(kept.store, good, sign_with(identity(KeyKind::p384), good), term));
    CHECK_FALSE(recorder::purge(kept.store, good, "", term));
    CHECK(kept.has("record.bin"));
    // Not sealed yet.
    std::filesystem::remove(kept.path("seal.json"));
    CHECK_FALSE(kept.purge(good, term));
    CHECK(kept.has("record.bin"));
}

TEST_CASE("a missing or altered purge certificate is found by both verifiers", "[CLAUSIER:O-9.14]")
{
    Kept const kept;
    auto const term = kept.sealed + std::chrono::days{90};
    must(kept.purge(kept.certificate(term), term));
    for (std::string const name : {"purge.json", "purge.sig"}) {
        auto const content = content_of(kept.path(name));
        for (std::size_t i = 0; i < content.size(); ++i) {
            auto changed = content;
            changed[i] = static_cast<char>(changed[i] ^ 1);
            overwrite(kept.path(name), changed);
            INFO(name << " byte " << i);
            CHECK_FALSE(kept.verdict().good());
            if (i % 40 == 0) CHECK(kept.shell() == 7);
        }
        std::filesystem::remove(kept.path(name));
        CHECK_FALSE(kept.verdict().good());
        CHECK(kept.shell() == 7);
        overwrite(kept.path(name), content);
    }
    CHECK(kept.verdict().good());
}
