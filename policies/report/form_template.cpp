#include "common/bytes.h"
#include "common/result.h"
#include "common/text_keys.h"
#include "policies/report/form_fields.h"
#include "policies/report/paris.h"

#include <span>

namespace ecluse::report {
namespace {

/// A text of the facts inside a TOML basic string: printable leaves no control character.
std::string toml_quoted(std::string_view text)
{
    std::string out = "\"";
    for (char const c : printable(text, 500)) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

class Template {
public:
    explicit Template(Language language) : language_{language} {}

    void comment(std::string_view text)
    {
        while (!text.empty()) {
            auto const end = text.find('\n');
            out_ += "# ";
            out_ += text.substr(0, end);
            out_ += '\n';
            if (end == std::string_view::npos) break;
            text.remove_prefix(end + 1);
        }
    }
    void line(std::string_view text)
    {
        out_ += text;
        out_ += '\n';
    }
    void section(char const* name)
    {
        section_ = name;
        line("");
        line("[" + section_ + "]");
    }
    template <class T> void text(char const* name, T& v, std::size_t max)
    {
        explain(name, "");
        bool const long_text = max > line_bytes_max;
        if constexpr (requires { v.has_value(); })
            line(std::string{"# "} + name + " = " + (long_text ? "\"\"\"\"\"\"" : "\"\""));
        else
            line(
                std::string{name} + " = " + (long_text ? "\"\"\"\n" + v + "\"\"\"" : toml_quoted(v))
            );
    }
    void yes_no(char const* name, bool&)
    {
        explain(name, ecluse::text(language_, TextKey::report_form_yes_no));
        line(std::string{name} + " = \"\"");
    }
    void word(char const* name, std::string& v, std::span<std::string_view const> words)
    {
        std::string list;
        for (auto const word : words) {
            auto const key = find_text("report.word." + std::string{word});
            ECLUSE_ASSERT(key);
            list += "\n  " + std::string{word} + " : " + ecluse::text(language_, *key);
        }
        explain(name, list);
        line(std::string{name} + " = " + toml_quoted(v));
    }
    void date(char const* name, std::optional<std::string>&)
    {
        explain(name, "");
        line(std::string{"# "} + name + " = 2026-12-31");
    }
    void moment(char const* name, std::string& v)
    {
        explain(name, "");
        line(std::string{name} + " = " + toml_quoted(v)); // TOML dates would need seconds
    }
    template <class T> void list(char const* name, std::vector<T>& v, std::size_t)
    {
        line("");
        explain(name, "");
        for (auto& item : v) {
            line(std::string{"[["} + name + "]]");
            fields(*this, item);
        }
    }
    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    void explain(std::string_view name, std::string const& more)
    {
        if (auto const key = find_text("report.form." + std::string{name}))
            comment(ecluse::text(language_, *key) + more);
    }

    Language language_;
    std::string out_, section_;
};

} // namespace

std::string blank_form(Facts const& facts, Language language)
{
    Template form{language};
    form.comment(ecluse::text(
        language,
        TextKey::report_form_head,
        {{"report", printable(facts.report)},
         {"site", printable(facts.site)},
         {"start", paris_minute(facts.window.start)},
         {"end", paris_minute(facts.window.end)}}
    ));
    form.line("format = \"ecluse-report-form/1\"");
    Form blank;
    blank.report = facts.report;
    for (auto const nature : natures)
        if (nature == facts.window.nature) blank.actual_nature = nature;
    auto& first = blank.operations.emplace_back();
    auto const began = facts.sessions.empty() ? facts.window.start : facts.sessions.front().started;
    first.at = paris_local(began);
    fields(form, blank);
    return form.take();
}

} // namespace ecluse::report
