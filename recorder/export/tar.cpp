#include "recorder/export/tar.h"

#include "common/bytes.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <sys/stat.h>
#include <unistd.h>

namespace ecluse::recording {
namespace {

constexpr std::size_t block_bytes = 512;
constexpr std::size_t piece_bytes = 1024 * 1024;
/// Eleven octal digits: what every tar reads.
constexpr std::uint64_t file_bytes_max = (std::uint64_t{1} << 33) - 1;
constexpr std::size_t name_bytes_max = 99;

void put(std::array<char, block_bytes>& block, std::size_t at, std::string_view text)
{
    std::copy(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(at));
}

std::string octal(std::uint64_t value, int digits)
{
    std::array<char, 24> text{};
    std::snprintf(
        text.data(), text.size(), "%0*llo", digits, static_cast<unsigned long long>(value)
    );
    return text.data();
}

/// One header: nothing in it but name, size, mode and the pack's own date.
std::array<char, block_bytes>
header_block(std::string const& name, std::uint64_t size, unsigned mode, UtcTime at)
{
    std::array<char, block_bytes> block{};
    put(block, 0, name);
    put(block, 100, octal(mode, 7));
    put(block, 108, octal(0, 7));
    put(block, 116, octal(0, 7));
    put(block, 124, octal(size, 11));
    put(block, 136, octal(static_cast<std::uint64_t>(at.time_since_epoch().count()), 11));
    put(block, 148, "        ");
    put(block, 156, "0");
    put(block, 257, std::string_view{"ustar\00000", 8});
    unsigned sum = 0;
    for (char const byte : block)
        sum += static_cast<unsigned char>(byte);
    put(block, 148, octal(sum, 6) + std::string{'\0'} + " ");
    return block;
}

} // namespace

void TarWriter::Free::operator()(evp_md_ctx_st* context) const
{
    EVP_MD_CTX_free(context);
}

TarWriter::TarWriter(Write write, std::string folder, UtcTime at)
    : write_{std::move(write)}, folder_{std::move(folder)}, at_{at}, digest_{EVP_MD_CTX_new()}
{
}

TarWriter::~TarWriter() = default;

Result<> TarWriter::begin(std::string const& name, std::uint64_t size, unsigned mode)
{
    auto const path = folder_ + "/" + name;
    if (path.size() > name_bytes_max) return Error{Errc::too_large, "archive: name " + path};
    if (size > file_bytes_max)
        return Error{Errc::too_large, "archive: " + name + " is larger than 8 GiB"};
    if (digests_.contains(name)) return Error{Errc::malformed, "archive: twice " + name};
    ECLUSE_ASSERT(digest_ && EVP_DigestInit_ex(digest_.get(), EVP_sha256(), nullptr) == 1);
    auto const block = header_block(path, size, mode, at_);
    return write_({block.data(), block.size()});
}

Result<> TarWriter::piece(std::string_view bytes)
{
    ECLUSE_ASSERT(EVP_DigestUpdate(digest_.get(), bytes.data(), bytes.size()) == 1);
    return write_(bytes);
}

Result<> TarWriter::end(std::string const& name, std::uint64_t size)
{
    std::string digest(32, '\0');
    ECLUSE_ASSERT(
        EVP_DigestFinal_ex(
            digest_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr
        ) == 1
    );
    digests_[name] = to_hex(digest);
    return write_(std::string((block_bytes - size % block_bytes) % block_bytes, '\0'));
}

Result<> TarWriter::add(std::string const& name, std::string_view bytes, unsigned mode)
{
    ECLUSE_TRY(begin(name, bytes.size(), mode));
    ECLUSE_TRY(piece(bytes));
    return end(name, bytes.size());
}

Result<> TarWriter::add(std::string const& name, RecordingFiles const& files, std::string_view file)
{
    auto const size = ECLUSE_TRY(files.size(file));
    ECLUSE_TRY(begin(name, size, 0600));
    for (std::uint64_t at = 0; at < size; at += piece_bytes) {
        auto const length = std::min<std::uint64_t>(piece_bytes, size - at);
        auto const bytes = ECLUSE_TRY(files.read_at(file, at, static_cast<std::size_t>(length)));
        ECLUSE_TRY(piece(bytes));
    }
    return end(name, size);
}

Result<> TarWriter::add(std::string const& name, Fd const& file)
{
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return os_error("archive: " + name);
    auto const size = static_cast<std::uint64_t>(status.st_size);
    ECLUSE_TRY(begin(name, size, 0600));
    std::string bytes(piece_bytes, '\0');
    for (std::uint64_t at = 0; at < size;) {
        auto const length = std::min<std::uint64_t>(piece_bytes, size - at);
        auto const got = ::pread(file.get(), bytes.data(), length, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return os_error("archive: " + name);
        if (got == 0) return Error{Errc::corrupt, "archive: " + name + " became shorter"};
        ECLUSE_TRY(piece({bytes.data(), static_cast<std::size_t>(got)}));
        at += static_cast<std::uint64_t>(got);
    }
    return end(name, size);
}

std::string TarWriter::manifest() const
{
    std::string lines;
    for (auto const& [name, digest] : digests_)
        lines.append(digest).append("  ").append(name).append("\n");
    return lines;
}

Result<> TarWriter::finish()
{
    return write_(std::string(2 * block_bytes, '\0'));
}

} // namespace ecluse::recording
