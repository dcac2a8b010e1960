#include "recorder/export/pack.h"

#include "common/bytes.h"
#include "recorder/export/pack_texts.h"
#include "recorder/format/header.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ecluse::recording {
namespace {

constexpr std::size_t copy_bytes = 1024 * 1024;
constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyz0123456789-";

Result<> make_folder(std::string const& path)
{
    if (::mkdir(path.c_str(), 0700) != 0) return os_error("create " + path);
    return {};
}

Result<Fd> create_file(std::string const& path, unsigned mode)
{
    Fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)};
    if (!file) return os_error("create " + path);
    return file;
}

Result<> write_file(std::string const& path, std::string_view bytes, unsigned mode = 0600)
{
    auto const file = ECLUSE_TRY(create_file(path, mode));
    ECLUSE_TRY(write_all(file.get(), bytes));
    if (::fsync(file.get()) != 0) return os_error("sync " + path);
    return {};
}

Result<> copy_file(RecordingFiles const& files, std::string_view name, std::string const& folder)
{
    auto const path = folder + "/" + std::string{name};
    auto const file = ECLUSE_TRY(create_file(path, 0600));
    auto const size = ECLUSE_TRY(files.size(name));
    for (std::uint64_t at = 0; at < size; at += copy_bytes) {
        auto const length = std::min<std::uint64_t>(copy_bytes, size - at);
        auto const bytes = ECLUSE_TRY(files.read_at(name, at, static_cast<std::size_t>(length)));
        ECLUSE_TRY(write_all(file.get(), bytes));
    }
    if (::fsync(file.get()) != 0) return os_error("sync " + path);
    return {};
}

std::string replace_all(std::string text, std::string_view hole, std::string_view value)
{
    for (auto at = text.find(hole); at != std::string::npos;
         at = text.find(hole, at + value.size()))
        text.replace(at, hole.size(), value);
    return text;
}

} // namespace

std::string_view shell_verifier()
{
    return shell_verifier_text;
}

std::string_view journal_verifier()
{
    return journal_verifier_text;
}

std::string_view dossier_verifier()
{
    return dossier_verifier_text;
}

std::string dossier_readme(std::string const& pack, std::string const& session)
{
    auto const text = replace_all(std::string{dossier_readme_text}, "@PACK@", pack);
    return replace_all(text, "@SESSION@", session);
}

Result<> write_pack(PackRequest const& request)
{
    if (request.recordings.empty()) return Error{Errc::malformed, "pack: no recording"};
    ECLUSE_TRY(make_folder(request.folder));
    std::vector<Header> headers;
    for (auto const& files : request.recordings) {
        auto const bytes = ECLUSE_TRY(files.read("header.json", header_bytes_max));
        headers.push_back(ECLUSE_TRY(parse_header(bytes)));
        auto const folder = request.folder + "/" + headers.back().session;
        ECLUSE_TRY(make_folder(folder));
        for (auto const name : file_names)
            if (files.has(name)) ECLUSE_TRY(copy_file(files, name, folder));
    }
    ECLUSE_TRY(make_folder(request.folder + "/certificats"));
    for (auto const& [name, pem] : request.certificates) {
        if (name.empty() || name.find_first_not_of(name_characters) != std::string::npos)
            return Error{Errc::malformed, "pack: certificate name"};
        ECLUSE_TRY(write_file(request.folder + "/certificats/" + name + ".pem", pem));
    }
    std::string sessions;
    for (auto const& header : headers)
        sessions += (sessions.empty() ? "" : " ") + header.session;
    auto readme = replace_all(std::string{readme_text}, "@SESSIONS@", sessions);
    readme = replace_all(readme, "@SESSION@", headers.front().session);
    ECLUSE_TRY(write_file(request.folder + "/LISEZMOI.txt", readme));
    return write_file(request.folder + "/verifier.sh", shell_verifier_text, 0700);
}

Result<> write_pack(
    std::vector<std::string> const& session_folders,
    std::string const& folder,
    std::vector<std::pair<std::string, std::string>> const& certificates
)
{
    PackRequest request{folder, {}, certificates};
    for (auto const& session : session_folders)
        request.recordings.push_back(ECLUSE_TRY(RecordingFiles::from_folder(session)));
    return write_pack(request);
}

} // namespace ecluse::recording
