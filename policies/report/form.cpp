#include "policies/report/form.h"

#include "common/bytes.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/report/form_fields.h"
#include "policies/report/form_json.h"

#include <algorithm>
#include <charconv>
#include <span>

namespace ecluse::report {
namespace {

constexpr std::string_view format = "ecluse-report-form/1";

bool is_blank(std::string_view text)
{
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t count)
{
    int value = 0;
    auto const* const first = text.data() + at;
    auto const [end, ec] = std::from_chars(first, first + count, value);
    if (ec != std::errc{} || end != first + count || *first == '-') return std::nullopt;
    return value;
}

/// "2026-11-21", and a day that exists.
bool is_date(std::string_view text)
{
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
    auto const year = number_at(text, 0, 4);
    auto const month = number_at(text, 5, 2);
    auto const day = number_at(text, 8, 2);
    if (!year || !month || !day) return false;
    return std::chrono::year_month_day{
        std::chrono::year{*year},
        std::chrono::month{static_cast<unsigned>(*month)},
        std::chrono::day{static_cast<unsigned>(*day)}}
        .ok();
}

/// "2026-11-21T09:05". TOML writers may add ":00"; the caller has removed it.
bool is_moment(std::string_view text)
{
    if (text.size() != 16 || text[10] != 'T' || text[13] != ':') return false;
    auto const hour = number_at(text, 11, 2);
    auto const minute = number_at(text, 14, 2);
    return is_date(text.substr(0, 10)) && hour && *hour < 24 && minute && *minute < 60;
}

std::string joined(std::span<std::string_view const> words)
{
    std::string list;
    for (auto const word : words) {
        if (!list.empty()) list += ", ";
        list += word;
    }
    return list;
}

/// Reads one object; keeps every fault and goes on.
class Reader {
public:
    Reader(json::object const& root, std::string prefix, FormFaults& faults)
        : root_{root}, prefix_{std::move(prefix)}, faults_{faults}, current_{&root}
    {
    }

    void section(char const* name)
    {
        close();
        section_ = std::string{name} + ".";
        taken_root_.emplace_back(name);
        auto const* const value = root_.if_contains(name);
        current_ = value && value->is_object() ? &value->get_object() : &empty();
        if (value && !value->is_object())
            faults_.push_back({prefix_ + name, TextKey::report_fault_section, {}});
    }

    void text(char const* name, std::string& v, std::size_t max)
    {
        auto const read = optional_text(name, max);
        if (!read) return missing(name, TextKey::report_fault_required, {});
        v = *read;
    }
    void text(char const* name, std::optional<std::string>& v, std::size_t max)
    {
        v = optional_text(name, max);
    }
    void yes_no(char const* name, bool& v)
    {
        auto const* const value = take(name);
        if (value && value->is_bool()) {
            v = value->get_bool();
            return;
        }
        auto const word = value && value->is_string() ? std::string_view{value->get_string()}
                                                      : std::string_view{};
        if (word == "oui" || word == "yes")
            v = true;
        else if (word == "non" || word == "no")
            v = false;
        else
            fault(name, TextKey::report_fault_yes_no, {});
    }
    void word(char const* name, std::string& v, std::span<std::string_view const> words)
    {
        auto const read = optional_text(name, line_bytes_max);
        if (!read) return missing(name, TextKey::report_fault_word, joined(words));
        v = *read;
        if (std::find(words.begin(), words.end(), v) == words.end())
            fault(name, TextKey::report_fault_word, joined(words));
    }
    void date(char const* name, std::optional<std::string>& v)
    {
        v = optional_text(name, line_bytes_max);
        if (v && !is_date(*v)) fault(name, TextKey::report_fault_date, {});
    }
    void moment(char const* name, std::string& v)
    {
        auto const read = optional_text(name, line_bytes_max);
        if (!read) return missing(name, TextKey::report_fault_moment, {});
        v = *read;
        if (v.size() == 19 && v.ends_with(":00")) v.resize(16);
        if (!is_moment(v)) fault(name, TextKey::report_fault_moment, {});
    }
    template <class T> void list(char const* name, std::vector<T>& v, std::size_t max)
    {
        close();
        section_.clear();
        current_ = &root_;
        taken_root_.emplace_back(name);
        auto const* const value = root_.if_contains(name);
        if (!value) return;
        if (!value->is_array()) return faults_.push_back({name, TextKey::report_fault_list, {}});
        auto const& items = value->get_array();
        if (items.size() > max)
            return faults_.push_back({name, TextKey::report_fault_too_many, std::to_string(max)});
        for (std::size_t i = 0; i < items.size(); ++i) {
            auto const path = std::string{name} + "[" + std::to_string(i + 1) + "]";
            if (!items[i].is_object()) {
                faults_.push_back({path, TextKey::report_fault_list, {}});
                continue;
            }
            Reader inner{items[i].get_object(), path + ".", faults_};
            fields(inner, v.emplace_back());
            inner.finish();
        }
    }

    void finish()
    {
        close();
        for (auto const& member : root_)
            if (std::find(taken_root_.begin(), taken_root_.end(), member.key()) ==
                taken_root_.end())
                unknown(prefix_ + std::string{member.key()});
    }
    void take_root(char const* name) { taken_root_.emplace_back(name); }

private:
    static json::object const& empty()
    {
        static json::object const object;
        return object;
    }
    void fault(char const* name, TextKey why, std::string detail)
    {
        faults_.push_back({prefix_ + section_ + name, why, std::move(detail)});
    }
    /// A value of the wrong type or too long has had its fault already.
    void missing(char const* name, TextKey why, std::string detail)
    {
        auto const path = prefix_ + section_ + name;
        if (faults_.empty() || faults_.back().field != path) fault(name, why, std::move(detail));
    }
    void unknown(std::string path)
    {
        constexpr std::size_t shown_max = 80;
        if (path.size() > shown_max) path.resize(shown_max);
        faults_.push_back({std::move(path), TextKey::report_fault_unknown, {}});
    }
    json::value const* take(char const* name)
    {
        (section_.empty() ? taken_root_ : taken_).emplace_back(name);
        return current_->if_contains(name);
    }
    std::optional<std::string> optional_text(char const* name, std::size_t max)
    {
        auto const* const value = take(name);
        if (!value || value->is_null()) return std::nullopt;
        if (!value->is_string()) {
            fault(name, TextKey::report_fault_text, {});
            return std::nullopt;
        }
        std::string_view const read = value->get_string();
        if (is_blank(read)) return std::nullopt;
        if (read.size() > max) {
            fault(name, TextKey::report_fault_too_long, std::to_string(max));
            return std::nullopt;
        }
        return std::string{read};
    }
    /// Fields of the section just left that nobody asked for.
    void close()
    {
        if (!section_.empty())
            for (auto const& member : *current_)
                if (std::find(taken_.begin(), taken_.end(), member.key()) == taken_.end())
                    unknown(prefix_ + section_ + std::string{member.key()});
        taken_.clear();
    }

    json::object const& root_;
    std::string prefix_, section_;
    FormFaults& faults_;
    json::object const* current_;
    std::vector<std::string> taken_root_, taken_;
};

class Writer {
public:
    explicit Writer(json::object& to) : to_{to} {}

    void section(char const* name) { section_ = name; }
    void text(char const* name, std::string& v, std::size_t) { here()[name] = v; }
    void text(char const* name, std::optional<std::string>& v, std::size_t)
    {
        if (v) here()[name] = *v;
    }
    void yes_no(char const* name, bool& v) { here()[name] = v; }
    void word(char const* name, std::string& v, std::span<std::string_view const>)
    {
        here()[name] = v;
    }
    void date(char const* name, std::optional<std::string>& v) { text(name, v, 0); }
    void moment(char const* name, std::string& v) { here()[name] = v; }
    template <class T> void list(char const* name, std::vector<T>& v, std::size_t)
    {
        json::array items;
        for (auto& item : v) {
            json::object object;
            Writer inner{object};
            fields(inner, item);
            items.emplace_back(std::move(object));
        }
        to_[name] = std::move(items);
    }

private:
    json::object& here()
    {
        if (section_.empty()) return to_;
        auto& value = to_[section_];
        return value.is_object() ? value.get_object() : value.emplace_object();
    }

    json::object& to_;
    std::string section_;
};

/// Answers that make another answer compulsory.
void check_consequences(Form const& form, FormFaults& faults)
{
    auto const need = [&faults](bool when, auto const& value, char const* field, TextKey why) {
        if (when && !value) faults.push_back({field, why, {}});
    };
    need(
        form.subcontractor_present,
        form.subcontractor_name,
        "presence.subcontractor_name",
        TextKey::report_fault_subcontractor
    );
    need(
        form.rollback_done,
        form.rollback_detail,
        "result.rollback_detail",
        TextKey::report_fault_rollback
    );
    need(form.copies_taken, form.copies_detail, "data.copies_detail", TextKey::report_fault_copies);
    // Clausier 2024 O-9.10: what is left behind is named, justified and dated.
    bool const left = form.residual_data == "left";
    need(left, form.residual_what, "data.residual_what", TextKey::report_fault_residual);
    need(left, form.residual_why, "data.residual_why", TextKey::report_fault_residual);
    need(left, form.residual_until, "data.residual_until", TextKey::report_fault_residual);
    need(
        form.incident, form.incident_detail, "data.incident_detail", TextKey::report_fault_incident
    );
    if (form.operations.empty() && form.outcome != "not_applicable")
        faults.push_back({"operations", TextKey::report_fault_operations, {}});
}

} // namespace

std::variant<Form, FormFaults> read_form(json::object const& object)
{
    Form form;
    FormFaults faults;
    Reader reader{object, "", faults};
    reader.take_root("format");
    auto const* const version = object.if_contains("format");
    if (!version || !version->is_string() || version->get_string() != format)
        faults.push_back({"format", TextKey::report_fault_word, std::string{format}});
    fields(reader, form);
    reader.finish();
    check_consequences(form, faults);
    if (!faults.empty()) return faults;
    return form;
}

std::variant<Form, FormFaults> parse_form_json(std::string_view text)
{
    if (text.size() > form_bytes_max)
        return FormFaults{{"", TextKey::report_fault_too_long, std::to_string(form_bytes_max)}};
    auto const object = parse_object(text);
    if (!object) return FormFaults{{"", TextKey::report_fault_syntax, object.error().what}};
    return read_form(*object);
}

std::string canonical_form(Form const& form)
{
    auto copy = form; // the field list is shared with the reader, which needs to write
    json::object object;
    object["format"] = format;
    Writer writer{object};
    fields(writer, copy);
    return json::serialize(object);
}

std::string explain(Language language, FormFault const& fault)
{
    auto const why = ecluse::text(language, fault.why, {{"detail", fault.detail}});
    if (fault.field.empty()) return why;
    return ecluse::text(
        language, TextKey::report_fault_at, {{"field", printable(fault.field)}, {"why", why}}
    );
}

} // namespace ecluse::report
