#include "policies/vault/vault.h"

#include "common/bytes.h"
#include "common/fd.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ecluse {

namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t key_text_bytes_max = 256; // hexadecimal and a line end; more is not a key
constexpr char box_version = 1;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t box_overhead = 1 + nonce_bytes + tag_bytes;
/// A key, a password, a contact: far smaller. Bounds what one row can make us decrypt.
constexpr std::size_t secret_bytes_max = 1024 * 1024;

struct CipherFree {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, CipherFree>;

unsigned char const* bytes_of(std::string_view text)
{
    return reinterpret_cast<unsigned char const*>(text.data());
}
unsigned char* bytes_of(std::string& text)
{
    return reinterpret_cast<unsigned char*>(text.data());
}
int size_of(std::string_view text)
{
    return static_cast<int>(text.size());
}

/// The version takes part, so that a later format cannot be read as this one.
std::string bound(std::string_view context)
{
    return "ecluse box 1\n" + std::string{context};
}

/// A systemd credential is given to us by an access list, which shows as group access.
bool in_credentials_folder(std::string const& path)
{
    auto const* const folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (!folder || *folder == '\0') return false;
    auto const slash = path.rfind('/');
    return slash != std::string::npos && path.substr(0, slash) == folder;
}

Result<> check_key_file(int fd, std::string const& path)
{
    struct stat status {};
    if (fstat(fd, &status) != 0) return os_error("stat");
    if (!S_ISREG(status.st_mode)) return Error{Errc::refused, "not a file"};
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return Error{Errc::refused, "belongs to another user"};
    mode_t const forbidden = in_credentials_folder(path) && status.st_uid == 0 ? 0037 : 0077;
    if ((status.st_mode & forbidden) != 0)
        return Error{Errc::refused, "others have access to it (chmod 400)"};
    return {};
}

Result<Secret> read_key(std::string const& path)
{
    Fd const fd{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
    if (!fd) return os_error("open");
    ECLUSE_TRY(check_key_file(fd.get(), path));
    auto text = ECLUSE_TRY(read_all(fd.get(), key_text_bytes_max));
    Secret const clear{text};
    auto digits = clear.reveal();
    if (!digits.empty() && digits.back() == '\n') digits.remove_suffix(1);
    if (digits.size() != 2 * key_bytes)
        return Error{Errc::malformed, "not 64 hexadecimal characters"};
    auto key = from_hex(digits);
    if (!key) return Error{Errc::malformed, "not 64 hexadecimal characters"};
    return Secret{*key};
}

} // namespace

void Vault::KeyFree::operator()(unsigned char* key) const
{
    sodium_free(key);
}

Result<Vault> Vault::open(std::string const& path)
{
    auto key = read_key(path);
    if (!key) return key.error().within("master key " + path);
    return with_key(*std::move(key));
}

Vault Vault::with_key(Secret key)
{
    static bool const sodium_is_ready = sodium_init() >= 0;
    ECLUSE_ASSERT(sodium_is_ready);
    ECLUSE_ASSERT(key.reveal().size() == key_bytes);
    // Guarded, kept out of core files and, where the system allows, out of swap; wiped when freed.
    KeyMemory memory{static_cast<unsigned char*>(sodium_malloc(key_bytes))};
    ECLUSE_ASSERT(memory != nullptr);
    std::memcpy(memory.get(), key.reveal().data(), key_bytes);
    ECLUSE_ASSERT(sodium_mprotect_readonly(memory.get()) == 0);
    return Vault{std::move(memory)};
}

std::string Vault::seal(std::string_view context, std::string_view secret) const
{
    ECLUSE_ASSERT(secret.size() <= secret_bytes_max);
    auto const associated = bound(context);
    std::string box(1, box_version);
    box += random_bytes(nonce_bytes);
    box.resize(box_overhead + secret.size());
    auto* const nonce = bytes_of(box) + 1;
    auto* const text = nonce + nonce_bytes;
    auto* const tag = text + secret.size();

    Cipher const cipher{EVP_CIPHER_CTX_new()};
    ECLUSE_ASSERT(cipher != nullptr);
    auto* const c = cipher.get();
    int size = 0;
    auto const sealed =
        EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), nullptr, key_.get(), nonce) == 1 &&
        EVP_EncryptUpdate(c, nullptr, &size, bytes_of(associated), size_of(associated)) == 1 &&
        EVP_EncryptUpdate(c, text, &size, bytes_of(secret), size_of(secret)) == 1 &&
        EVP_EncryptFinal_ex(c, tag, &size) == 1 &&
        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, tag_bytes, tag) == 1;
    ECLUSE_ASSERT(sealed);
    return box;
}

Result<Secret> Vault::open_box(std::string_view context, std::string_view box) const
{
    if (box.size() < box_overhead || box.size() > box_overhead + secret_bytes_max ||
        box[0] != box_version)
        return Error{Errc::corrupt, "not a vault box"};
    auto const associated = bound(context);
    auto const nonce = box.substr(1, nonce_bytes);
    auto const text = box.substr(1 + nonce_bytes, box.size() - box_overhead);
    std::string tag{box.substr(box.size() - tag_bytes)};
    // One byte more, so that data() is never an empty text's shared terminator.
    std::string clear(text.size() + 1, '\0');

    Cipher const cipher{EVP_CIPHER_CTX_new()};
    ECLUSE_ASSERT(cipher != nullptr);
    auto* const c = cipher.get();
    int size = 0;
    auto const opened =
        EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), nullptr, key_.get(), bytes_of(nonce)) == 1 &&
        EVP_DecryptUpdate(c, nullptr, &size, bytes_of(associated), size_of(associated)) == 1 &&
        EVP_DecryptUpdate(c, bytes_of(clear), &size, bytes_of(text), size_of(text)) == 1 &&
        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(c, bytes_of(clear) + text.size(), &size) == 1;
    if (!opened) {
        wipe(clear);
        return Error{Errc::corrupt, "vault box does not open (wrong key, place or content)"};
    }
    clear.resize(text.size());
    return Secret{clear};
}

} // namespace ecluse
