#include "recorder/daemon/purge.h"

#include "common/bytes.h"
#include "recorder/format/certificate.h"
#include "recorder/format/header.h"
#include "recorder/format/purge.h"
#include "recorder/format/seal.h"
#include "recorder/format/signing.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace ecluse::recorder {
namespace {

using namespace std::chrono;

constexpr std::size_t signature_bytes_max = 127;
constexpr std::size_t certificate_bytes_max = 64 * 1024;

Error refused(char const* why)
{
    return {Errc::refused, std::string{"purge: "} + why};
}

/// That the certificate is about this recording, as it lies here, and by the right hand.
Result<> check(
    std::string const& folder,
    recording::PurgeCertificate const& about,
    std::string_view certificate,
    std::string_view signature,
    UtcTime now
)
{
    auto const header = ECLUSE_TRY(read_file(folder + "/header.json", recording::header_bytes_max));
    auto const seal_bytes = ECLUSE_TRY(read_file(folder + "/seal.json", recording::seal_bytes_max));
    auto const seal = ECLUSE_TRY(recording::parse_seal(seal_bytes));
    if (to_hex(sha256(header)) != about.header_sha256) return refused("another header");
    if (to_hex(sha256(seal_bytes)) != about.seal_sha256) return refused("another seal");
    UtcTime const sealed{
        duration_cast<seconds>(milliseconds{static_cast<std::int64_t>(seal.sealed_utc_ms)})};
    if (now < sealed + purge_age_min) return refused("too young");
    auto const evidence = ECLUSE_TRY(recording::parse_certificate(
        ECLUSE_TRY(read_file(folder + "/evidence.pem", certificate_bytes_max))
    ));
    auto const named = ECLUSE_TRY(recording::parse_header(header)).evidence_certificate_sha256;
    if (named && *named != evidence.fingerprint()) return refused("another evidence certificate");
    if (!recording::verify_signature(evidence.public_key, certificate, signature))
        return refused("the signature is wrong");
    return {};
}

Result<> remove(std::string const& path)
{
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return os_error("remove " + path);
    return {};
}

Result<> destroy_content(std::string const& folder)
{
    // The keys first: without them the rest is noise, even if the disk gives it back.
    for (auto const* const name :
         {"key-rssi.cms", "key-escrow.cms", "record.bin", "text.bin", "torn-record.bin"})
        ECLUSE_TRY(remove(folder + "/" + name));
    Fd const opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!opened || ::fsync(opened.get()) != 0) return os_error("sync " + folder);
    return {};
}

} // namespace

Result<std::string>
purge(Store const& store, std::string_view certificate, std::string_view signature, UtcTime now)
{
    auto const about = ECLUSE_TRY(recording::parse_purge(certificate));
    auto const folder = ECLUSE_TRY(store.find(about.session));
    std::string stored{certificate};
    if (auto const before = read_file(folder + "/purge.json", recording::purge_bytes_max)) {
        auto const its = ECLUSE_TRY(read_file(folder + "/purge.sig", signature_bytes_max));
        auto const earlier = ECLUSE_TRY(recording::parse_purge(*before));
        ECLUSE_TRY(check(folder, earlier, *before, its, now));
        stored = *before;
    } else {
        ECLUSE_TRY(check(folder, about, certificate, signature, now));
        // In this order: a certificate that is there is a certificate that is signed.
        ECLUSE_TRY(write_file_durably(folder + "/purge.sig", signature));
        ECLUSE_TRY(write_file_durably(folder + "/purge.json", certificate));
    }
    ECLUSE_TRY(destroy_content(folder));
    return to_hex(sha256(stored));
}

} // namespace ecluse::recorder
