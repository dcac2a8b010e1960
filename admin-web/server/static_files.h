#pragma once

#include "admin-web/server/message.h"
#include "common/result.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>

/// The pages: read once at start and kept, so that the running server opens no file. Names whose
/// content is in their name are cached for ever by browsers; everything else is asked again.
namespace ecluse::web {

class StaticFiles {
public:
    static constexpr std::size_t files_max = 2000;
    static constexpr std::size_t bytes_max = 64 * 1024 * 1024;

    /// All files below `folder`, with their .gz and .br. No folder is no pages, not an error.
    [[nodiscard]] static Result<StaticFiles> load(std::string const& folder);
    /// GET or HEAD of a path that is no route's. A path that no file has, and that looks like a page
    /// (no dot in its last part), is index.html: the page's script knows the rest.
    [[nodiscard]] HttpResponse answer(HttpRequest const& request, std::string_view path) const;
    [[nodiscard]] std::size_t count() const { return files_.size(); }

private:
    using Bytes = std::shared_ptr<std::string const>;
    struct File {
        std::string type, tag;
        bool for_ever = false;
        Bytes plain, gzip = {}, brotli = {};
    };
    std::map<std::string, File, std::less<>> files_; // by "/path"
};

/// Whether an Accept-Encoding header takes `coding` (its weight is not zero).
[[nodiscard]] bool accepts(std::string_view header, std::string_view coding);
/// "app-3F7Q2XKA.js": a name that changes with its content, as the pages' build makes it.
[[nodiscard]] bool is_hashed_name(std::string_view path);

} // namespace ecluse::web
