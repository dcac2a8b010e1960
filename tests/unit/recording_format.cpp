#include "common/bytes.h"
#include "common/json.h"
#include "recorder/format/chain.h"
#include "recorder/format/reader.h"
#include "recorder/format/recover.h"
#include "recorder/format/segment.h"
#include "tests/support/identity.h"
#include "tests/support/must.h"
#include "tests/support/recording_sample.h"

#include <catch2/generators/catch_generators.hpp>

#include <filesystem>

using namespace ecluse;
using namespace ecluse::recording;
using namespace ecluse::test;

TEST_CASE(
    "a segment opens under its key, session and index only, and with the openssl command",
    "[WEB:DT4][WEB:GC2]"
)
{
    auto const key = must(ContentKey::generate());
    auto const other = must(ContentKey::generate());
    auto const der = must(seal_segment(key, "S-A1", 3, "frames"));
    CHECK(must(open_segment(key, "S-A1", 3, der)) == "frames");
    CHECK_FALSE(open_segment(key, "S-A1", 4, der));
    CHECK_FALSE(open_segment(key, "S-A2", 3, der));
    CHECK_FALSE(open_segment(other, "S-A1", 3, der));
    CHECK_FALSE(open_segment(key, "S-A1", 3, der + "x"));
    CHECK(der.size() < 300);

    TemporaryFolder const folder;
    overwrite(folder.path() + "/segment.der", der);
    auto const ran = run_shell(
        "openssl cms -decrypt -inform DER -binary -in " + folder.path() +
        "/segment.der -secretkey " + to_hex(key.reveal()) + " -secretkeyid " + to_hex(key.id())
    );
    CHECK(ran.status == 0);
    CHECK(ran.output == "ecluse-segment 1 S-A1 3\nframes");
}

TEST_CASE("every flipped byte of a segment is noticed when it is opened")
{
    auto const key = must(ContentKey::generate());
    auto const der = must(seal_segment(key, "S-A1", 0, "x"));
    int accepted = 0;
    for (std::size_t i = 0; i < der.size(); ++i) {
        auto changed = der;
        changed[i] = static_cast<char>(changed[i] ^ 0x20);
        auto const opened = open_segment(key, "S-A1", 0, changed);
        // Some bytes of the envelope (versions, dates) carry no content; none changes the frames.
        if (opened && *opened != "x") ++accepted;
    }
    CHECK(accepted == 0);
}

TEST_CASE("the largest segment fits its bound")
{
    auto const key = must(ContentKey::generate());
    std::string const frames(segment_frames_max + frame_head_bytes, 'x');
    auto const session = "S-" + std::string(40, 'Z');
    auto const der = must(seal_segment(key, session, 1'000'000'000'000, frames));
    CHECK(der.size() <= segment_der_max);
    CHECK(must(open_segment(key, session, 1'000'000'000'000, der)) == frames);
}

TEST_CASE(
    "the content key is wrapped for RSA of 3072 bits and P-384, and for nothing weaker",
    "[CLAUSIER:O-8.3][CHM:7.3][WEB:GC1]"
)
{
    auto const key = must(ContentKey::generate());
    auto const kind = GENERATE(KeyKind::rsa3072, KeyKind::p384);
    auto const& who = identity(kind);
    auto const wrapped = must(wrap_content_key(key, must(parse_certificate(who.certificate))));
    TemporaryFolder const folder;
    overwrite(folder.path() + "/k.cms", wrapped);
    overwrite(folder.path() + "/k.pem", who.key);
    auto const ran = run_shell(
        "cd " + folder.path() +
        " && openssl cms -decrypt -inform DER -binary -in k.cms -inkey k.pem"
    );
    CHECK(ran.status == 0);
    CHECK(ran.output == key.reveal());
    for (auto const weak : {KeyKind::rsa2048, KeyKind::p256})
        CHECK_FALSE(wrap_content_key(key, must(parse_certificate(identity(weak).certificate))));
}

TEST_CASE(
    "a recording opens with either recipient's key, in PEM or PKCS#12, and with no other",
    "[WEB:HE6]"
)
{
    TemporaryFolder const folder;
    make_recording(folder.path(), small_sample());
    auto const recording = must(Recording::open(must(RecordingFiles::from_folder(folder.path()))));
    auto const frames_with = [&](ReadingKey const& key) {
        std::string kinds;
        auto const content = must(recording.unlock(key));
        must(recording.for_each_frame(content, [&](FrameView const& frame) -> Result<bool> {
            kinds += static_cast<char>(frame.kind);
            return true;
        }));
        return kinds;
    };
    CHECK(frames_with(must(ReadingKey::open(identity(KeyKind::rsa3072).key, {}))) == "roioz");
    CHECK(frames_with(must(ReadingKey::open(identity(KeyKind::p384).key, {}))) == "roioz");
    auto const stranger = must(ReadingKey::open(identity(KeyKind::rsa3072, 9).key, {}));
    CHECK(recording.unlock(stranger).error().code == Errc::refused);

    overwrite(folder.path() + "/rssi.pem", identity(KeyKind::rsa3072).certificate);
    overwrite(folder.path() + "/rssi.key", identity(KeyKind::rsa3072).key);
    REQUIRE(
        run_shell(
            "cd " + folder.path() +
            " && openssl pkcs12 -export -in rssi.pem -inkey rssi.key -passout pass:secret -out "
            "r.p12"
            " && openssl pkey -in rssi.key -aes256 -passout pass:secret -out locked.key"
        )
            .status == 0
    );
    for (auto const* name : {"/r.p12", "/locked.key"}) {
        auto const bytes = content_of(folder.path() + name);
        CHECK(frames_with(must(ReadingKey::open(bytes, Secret::copy_of("secret")))) == "roioz");
        CHECK_FALSE(ReadingKey::open(bytes, Secret::copy_of("wrong")));
        CHECK_FALSE(ReadingKey::open(bytes, {}));
    }
}

TEST_CASE("recovery cuts at every possible tear and keeps what it cut")
{
    TemporaryFolder const root;
    auto sample = small_sample();
    sample.countersigned = false;
    auto const whole = root.path() + "/whole";
    make_recording(whole, sample);
    auto const chain = content_of(whole + "/chain.txt");
    auto const record = content_of(whole + "/record.bin");
    auto const second = chain.find('\n', chain.find('\n') + 1) + 1;
    int cuts = 0;
    for (std::size_t length = second; length <= chain.size(); length += 7) {
        auto const folder = root.path() + "/torn" + std::to_string(length);
        std::filesystem::copy(whole, folder);
        std::filesystem::remove(folder + "/seal.json");
        overwrite(folder + "/chain.txt", std::string_view{chain}.substr(0, length));
        auto const summary = must(recover(folder));
        CHECK(summary.seal.interrupted);
        CHECK(summary.seal.segments == 2);
        CHECK_FALSE(std::filesystem::exists(folder + "/seal.sig"));
        CHECK(
            content_of(folder + "/chain.txt") + content_of(folder + "/torn-chain.txt") ==
            chain.substr(0, length)
        );
        CHECK(
            content_of(folder + "/record.bin") + content_of(folder + "/torn-record.bin") == record
        );
        if (++cuts > 40) break;
    }
    CHECK(cuts > 10);

    // The other way round: the chain arrived, the record did not.
    auto const folder = root.path() + "/short-record";
    std::filesystem::copy(whole, folder);
    std::filesystem::remove(folder + "/seal.json");
    overwrite(folder + "/record.bin", std::string_view{record}.substr(0, record.size() - 1));
    CHECK(must(recover(folder)).seal.segments == 2);
}

TEST_CASE("recovery of a folder without header or any content finds nothing")
{
    TemporaryFolder const folder;
    CHECK(recover(folder.path()).error().code == Errc::not_found);
}

TEST_CASE("a writer appends nothing after its seal and seals once")
{
    TemporaryFolder const folder;
    json::object const facts;
    auto const writer =
        must(RecordingWriter::create({folder.path(), "S-ONCE", recipients(), std::nullopt, facts}));
    must(writer->append(""));
    (void)must(writer->seal("cut"));
    CHECK_FALSE(writer->append(""));
    CHECK_FALSE(writer->seal("cut"));
}

TEST_CASE("silences and clock jumps are listed, with both sides of each edge", "[CHM:8.14]")
{
    Continuity continuity{1000, 50'000};
    continuity.add(0, 1000 + gap_min_ms, 50'000 + gap_min_ms);
    CHECK(continuity.gaps_total == 0);
    continuity.add(1, 1000 + 2 * gap_min_ms + 1, 50'000 + 2 * gap_min_ms + 1);
    CHECK(continuity.gaps_total == 1);
    CHECK(continuity.clock_jumps_total == 0);
    auto const mono = continuity.last_mono_ms();
    auto const utc = continuity.last_utc_ms();
    continuity.add(2, mono + 1, utc + 1 + clock_jump_min_ms);
    CHECK(continuity.clock_jumps_total == 0);
    continuity.add(3, mono + 2, utc - 3'600'000);
    REQUIRE(continuity.clock_jumps_total == 1);
    CHECK(continuity.clock_jumps[0].jump_ms < -3'600'000);
}
