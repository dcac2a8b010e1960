#include "admin-web/server/answer.h"

#include "admin-web/server/cookie.h"
#include "admin-web/server/problem.h"
#include "common/json.h"
#include "common/log.h"

#include <algorithm>

namespace ecluse::web {
namespace {

/// A report with its pictures, an export of the journal.
constexpr std::size_t file_bytes_max = 64 * 1024 * 1024;
/// WEB:DT10: logging out clears what the browser kept.
constexpr char const* everything = "\"cache\", \"cookies\", \"storage\"";

HttpResponse json_response(std::string body)
{
    HttpResponse response{.status = 200, .content_type = "application/json"};
    response.body = std::move(body);
    return response;
}

std::string text_in(json::object const& fields, std::string_view name)
{
    auto const* const value = fields.if_contains(name);
    return value && value->is_string() ? std::string{std::string_view{value->get_string()}}
                                       : std::string{};
}

/// "report-R-….pdf": what the object is called, in letters that every system takes.
std::string file_name(json::object const& fields, std::string const& format)
{
    auto name = text_in(fields, "report");
    if (name.empty()) name = text_in(fields, "file");
    if (name.empty()) name = "ecluse";
    std::replace_if(
        name.begin(),
        name.end(),
        [](char c) { return !std::isalnum(static_cast<unsigned char>(c)) && c != '-'; },
        '_'
    );
    return name + "." + format;
}

Result<HttpResponse> download(json::object const& fields, Fd const& file)
{
    auto const said = text_in(fields, "format");
    std::string const format = said == "pdf" || said == "csv" || said == "txt" ? said : "json";
    HttpResponse response{
        .status = 200,
        .content_type = format == "csv"   ? "text/csv; charset=utf-8"
                        : format == "txt" ? "text/plain; charset=utf-8"
                                          : "application/" + format};
    response.body = ECLUSE_TRY(read_all(file.get(), file_bytes_max));
    response.headers.emplace_back(
        "Content-Disposition", "attachment; filename=\"" + file_name(fields, format) + "\""
    );
    return response;
}

Result<HttpResponse>
with_parts(json::object fields, std::string_view names, std::vector<Fd> const& files)
{
    for (auto const& file : files) {
        auto const end = std::min(names.find(','), names.size());
        if (end == 0) return Error{Errc::malformed, "more documents than the route has names"};
        auto const text = ECLUSE_TRY(read_all(file.get(), file_bytes_max));
        boost::system::error_code wrong;
        fields[names.substr(0, end)] = json::parse(text, wrong);
        if (wrong) return Error{Errc::malformed, "a document is not JSON"};
        names.remove_prefix(std::min(end + 1, names.size()));
    }
    return json_response(json::serialize(fields));
}

Result<HttpResponse>
success(RouteRow const& route, json::object fields, std::vector<Fd> const& files)
{
    if (route.answer.starts_with("parts:"))
        return with_parts(std::move(fields), route.answer.substr(6), files);
    if (files.empty()) return json_response(json::serialize(fields));
    if (files.size() != 1) return Error{Errc::malformed, "more than one document"};
    if (route.answer == "file") return download(fields, files.front());
    auto text = ECLUSE_TRY(read_all(files.front().get(), file_bytes_max));
    if (route.answer == "bytes") {
        HttpResponse response{.status = 200, .content_type = "application/octet-stream"};
        response.body = std::move(text);
        return response;
    }
    if (route.answer.starts_with("text:")) {
        fields[route.answer.substr(5)] = text;
        return json_response(json::serialize(fields));
    }
    // A list or an object that was too long for a packet: it is the answer.
    return json_response(std::move(text));
}

HttpResponse refused(json::object const& fields, std::string const& token, Language language)
{
    auto const* const error = fields.if_contains("error");
    if (!error || !error->is_object()) return problem(Refused::failed, language);
    auto response = problem_of(error->get_object(), language);
    if (token.empty()) return response;
    bool const broken = response.status == 500;
    if (broken || response.status == 401)
        response.headers.emplace_back("Set-Cookie", clear_session());
    if (broken) response.headers.emplace_back("Clear-Site-Data", everything);
    return response;
}

} // namespace

HttpResponse to_response(
    RouteRow const& route, PolicyLink::Reply reply, std::string const& token, Language language
)
{
    auto& fields = reply.fields;
    auto const* const ok = fields.if_contains("ok");
    if (!ok || !ok->is_bool() || !ok->get_bool()) return refused(fields, token, language);
    fields.erase("re");
    fields.erase("ok");
    auto session = token;
    if (route.request == "login") {
        session = text_in(fields, "token");
        // The cookie alone has it: no script ever sees it. An invitation's token is another thing.
        fields.erase("token");
    }
    bool const tells_session = route.request == "login" || route.request == "whoami";
    if (tells_session && !session.empty()) fields["csrf"] = csrf_of(session);
    auto response = success(route, std::move(fields), reply.files);
    if (!response) {
        log(LogLevel::error, std::string{route.request} + ": " + response.error().what);
        return problem(Refused::failed, language);
    }
    if (route.request == "login")
        response->headers.emplace_back("Set-Cookie", set_session(session));
    if (route.request == "logout") {
        response->headers.emplace_back("Set-Cookie", clear_session());
        response->headers.emplace_back("Clear-Site-Data", everything);
    }
    return std::move(*response);
}

} // namespace ecluse::web
