#include "admin-web/server/static_files.h"

#include "common/bytes.h"
#include "common/fd.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <optional>

namespace ecluse::web {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t hash_letters = 8;

struct Type {
    std::string_view ending, type;
};
/// Exact types only: nosniff makes a browser refuse what is served under another.
constexpr std::array types{
    Type{".html", "text/html; charset=utf-8"},
    Type{".js", "text/javascript; charset=utf-8"},
    Type{".mjs", "text/javascript; charset=utf-8"},
    Type{".css", "text/css; charset=utf-8"},
    Type{".json", "application/json"},
    Type{".svg", "image/svg+xml"},
    Type{".png", "image/png"},
    Type{".ico", "image/x-icon"},
    Type{".woff2", "font/woff2"},
    Type{".txt", "text/plain; charset=utf-8"},
    Type{".webmanifest", "application/manifest+json"},
    Type{".wasm", "application/wasm"},
};

std::optional<std::string_view> type_of(std::string_view path)
{
    auto const found = std::find_if(types.begin(), types.end(), [&](Type const& one) {
        return path.ends_with(one.ending);
    });
    return found == types.end() ? std::nullopt : std::optional{found->type};
}

bool is_path_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '.' || letter == '-' || letter == '_' ||
           letter == '/';
}

/// A place in the pages, which index.html finds by itself. Every file of ours lies at the top:
/// below it, a dot belongs to a name ("/personnes/n.belkacem"), never to a file.
bool is_page(std::string_view path)
{
    auto const last = path.substr(path.rfind('/') + 1);
    if (last.find('.') == std::string_view::npos) return true;
    auto const parent = path.substr(0, path.size() - last.size());
    return parent.size() > 1 && parent.find('.') == std::string_view::npos && last.front() != '.' &&
           std::all_of(path.begin(), path.end(), is_path_letter);
}

std::string_view trimmed(std::string_view text)
{
    auto const first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

} // namespace

bool accepts(std::string_view header, std::string_view coding)
{
    while (!header.empty()) {
        auto const end = std::min(header.find(','), header.size());
        auto const one = trimmed(header.substr(0, end));
        header.remove_prefix(std::min(end + 1, header.size()));
        auto const semicolon = std::min(one.find(';'), one.size());
        if (trimmed(one.substr(0, semicolon)) != coding) continue;
        auto const weight = trimmed(one.substr(std::min(semicolon + 1, one.size())));
        // "q=0" and "q=0.000" say no; anything else that is not understood says yes to plain only.
        if (weight.empty()) return true;
        if (!weight.starts_with("q=")) return false;
        return weight.find_first_of("123456789") != std::string_view::npos;
    }
    return false;
}

bool is_hashed_name(std::string_view path)
{
    auto const name = path.substr(path.rfind('/') + 1);
    auto const dot = name.find('.');
    if (dot == std::string_view::npos || dot < hash_letters + 2) return false;
    auto const hash = name.substr(dot - hash_letters, hash_letters);
    return name[dot - hash_letters - 1] == '-' && std::all_of(hash.begin(), hash.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7');
           });
}

Result<StaticFiles> StaticFiles::load(std::string const& folder)
{
    StaticFiles all;
    std::error_code wrong;
    if (folder.empty() || !fs::is_directory(folder, wrong)) return all;
    std::map<std::string, Bytes> found;
    std::size_t bytes = 0;
    for (fs::recursive_directory_iterator at{folder, wrong}, end; !wrong && at != end;
         at.increment(wrong)) {
        // A link could lead anywhere; the pages have none.
        if (at->is_symlink(wrong) || !at->is_regular_file(wrong)) continue;
        auto content = ECLUSE_TRY(read_file(at->path().string(), bytes_max));
        bytes += content.size();
        if (bytes > bytes_max || found.size() >= files_max)
            return Error{Errc::too_large, folder + ": more pages than any build of ours"};
        found["/" + fs::relative(at->path(), folder, wrong).generic_string()] =
            std::make_shared<std::string const>(std::move(content));
    }
    if (wrong) return Error{Errc::io, folder + ": " + wrong.message()};
    for (auto const& [path, content] : found) {
        auto const type = type_of(path);
        if (!type) continue;
        File file{
            .type = std::string{*type},
            .tag = "\"" + to_hex(sha256(*content)).substr(0, 32) + "\"",
            .for_ever = is_hashed_name(path),
            .plain = content};
        if (auto const other = found.find(path + ".gz"); other != found.end())
            file.gzip = other->second;
        if (auto const other = found.find(path + ".br"); other != found.end())
            file.brotli = other->second;
        all.files_.emplace(path, std::move(file));
    }
    return all;
}

HttpResponse StaticFiles::answer(HttpRequest const& request, std::string_view path) const
{
    auto found = files_.find(path);
    if (found == files_.end() && is_page(path)) found = files_.find("/index.html");
    if (found == files_.end()) return {.status = 404, .content_type = {}};
    auto const& file = found->second;
    HttpResponse response{.status = 200, .content_type = file.type};
    auto& headers = response.headers;
    headers.emplace_back(
        "Cache-Control", file.for_ever ? "public, max-age=31536000, immutable" : "no-cache"
    );
    headers.emplace_back("Vary", "Accept-Encoding");
    headers.emplace_back("ETag", file.tag);
    if (request.if_none_match == file.tag) {
        response.status = 304;
        return response;
    }
    response.file = file.plain;
    if (file.brotli && accepts(request.accept_encoding, "br")) {
        response.file = file.brotli;
        headers.emplace_back("Content-Encoding", "br");
    } else if (file.gzip && accepts(request.accept_encoding, "gzip")) {
        response.file = file.gzip;
        headers.emplace_back("Content-Encoding", "gzip");
    }
    return response;
}

} // namespace ecluse::web
