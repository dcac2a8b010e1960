#include "common/json.h"

#include <algorithm>
#include <set>

namespace ecluse {
namespace {

constexpr std::size_t depth_max = 16;

/// Boost.JSON keeps the last of two equal keys; two readers could then disagree about one text.
bool has_duplicate_key(std::string_view text)
{
    struct Frame {
        bool object;
        std::set<std::string, std::less<>> keys;
    };
    std::vector<Frame> frames;
    bool expects_key = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const c = text[i];
        if (c == '{' || c == '[') {
            frames.push_back({c == '{', {}});
            expects_key = c == '{';
        } else if (c == '}' || c == ']') {
            if (!frames.empty()) frames.pop_back();
            expects_key = false;
        } else if (c == ',') {
            expects_key = !frames.empty() && frames.back().object;
        } else if (c == '"') {
            auto const start = i;
            for (++i; i < text.size() && text[i] != '"'; ++i)
                if (text[i] == '\\') ++i;
            if (expects_key && !frames.empty()) {
                // Escapes are resolved, so that "a" and "\u0061" count as one key.
                boost::system::error_code ec;
                auto const key = json::parse(text.substr(start, i - start + 1), ec);
                if (ec || !key.is_string()) return true;
                if (!frames.back().keys.insert(std::string{key.as_string()}).second) return true;
                expects_key = false;
            }
        }
    }
    return false;
}

} // namespace

Result<json::object> parse_object(std::string_view text)
{
    json::parse_options options;
    options.max_depth = depth_max;
    boost::system::error_code ec;
    auto value = json::parse(text, ec, {}, options);
    if (ec) return Error{Errc::malformed, "parse JSON: " + ec.message()};
    if (!value.is_object()) return Error{Errc::malformed, "parse JSON: not an object"};
    if (has_duplicate_key(text)) return Error{Errc::malformed, "parse JSON: duplicate key"};
    return std::move(value).as_object();
}

json::value const* Fields::take(std::string_view name, bool required)
{
    auto const* const value = object_.if_contains(name);
    if (!value || value->is_null()) {
        if (value) read_.push_back(name);
        if (required) fault(name, "missing");
        return nullptr;
    }
    read_.push_back(name);
    return value;
}

void Fields::fault(std::string_view name, std::string_view why)
{
    if (!fault_)
        fault_ = Error{Errc::malformed, "field \"" + std::string{name} + "\": " + std::string{why}};
}

std::optional<std::string> Fields::optional_text(std::string_view name, std::size_t bytes_max)
{
    auto const* const value = take(name, false);
    if (!value) return std::nullopt;
    if (!value->is_string()) {
        fault(name, "not a text");
        return std::nullopt;
    }
    auto const& text = value->get_string();
    if (text.size() > bytes_max) {
        fault(name, "longer than " + std::to_string(bytes_max) + " bytes");
        return std::nullopt;
    }
    return std::string{text};
}

std::string Fields::text(std::string_view name, std::size_t bytes_max)
{
    auto value = optional_text(name, bytes_max);
    if (!value) fault(name, "missing");
    return value.value_or(std::string{});
}

std::optional<std::int64_t>
Fields::optional_number(std::string_view name, std::int64_t min, std::int64_t max)
{
    auto const* const value = take(name, false);
    if (!value) return std::nullopt;
    boost::system::error_code ec;
    auto const number = value->to_number<std::int64_t>(ec);
    if (ec || value->is_double()) {
        fault(name, "not a whole number");
        return std::nullopt;
    }
    if (number < min || number > max) {
        fault(name, "outside " + std::to_string(min) + ".." + std::to_string(max));
        return std::nullopt;
    }
    return number;
}

std::int64_t Fields::number(std::string_view name, std::int64_t min, std::int64_t max)
{
    auto const value = optional_number(name, min, max);
    if (!value) fault(name, "missing");
    return value.value_or(min);
}

bool Fields::flag(std::string_view name)
{
    auto const* const value = take(name, true);
    if (value && !value->is_bool()) fault(name, "not true or false");
    return value && value->is_bool() && value->get_bool();
}

bool Fields::flag(std::string_view name, bool otherwise)
{
    auto const* const value = take(name, false);
    if (!value) return otherwise;
    if (!value->is_bool()) fault(name, "not true or false");
    return value->is_bool() && value->get_bool();
}

std::vector<std::string>
Fields::optional_texts(std::string_view name, std::size_t count_max, std::size_t bytes_max)
{
    std::vector<std::string> texts;
    auto const* const value = take(name, false);
    if (!value) return texts;
    if (!value->is_array() || value->get_array().size() > count_max) {
        fault(name, "not a list of at most " + std::to_string(count_max));
        return texts;
    }
    for (auto const& item : value->get_array()) {
        if (!item.is_string() || item.get_string().size() > bytes_max) {
            fault(name, "holds something else than short texts");
            return {};
        }
        texts.emplace_back(item.get_string());
    }
    return texts;
}

std::vector<std::string>
Fields::texts(std::string_view name, std::size_t count_max, std::size_t bytes_max)
{
    if (!object_.contains(name)) fault(name, "missing");
    return optional_texts(name, count_max, bytes_max);
}

std::optional<json::object> Fields::optional_object(std::string_view name)
{
    auto const* const value = take(name, false);
    if (!value) return std::nullopt;
    if (!value->is_object()) {
        fault(name, "not an object");
        return std::nullopt;
    }
    return value->get_object();
}

json::object Fields::object(std::string_view name)
{
    auto value = optional_object(name);
    if (!value) fault(name, "missing");
    return value.value_or(json::object{});
}

json::array Fields::array(std::string_view name, std::size_t count_max)
{
    auto const* const value = take(name, true);
    if (!value) return {};
    if (!value->is_array() || value->get_array().size() > count_max) {
        fault(name, "not a list of at most " + std::to_string(count_max));
        return {};
    }
    return value->get_array();
}

bool Fields::has(std::string_view name) const
{
    return object_.contains(name);
}

Result<> Fields::finish()
{
    if (!fault_) {
        for (auto const& member : object_) {
            if (std::find(read_.begin(), read_.end(), std::string_view{member.key()}) ==
                read_.end())
                fault(std::string_view{member.key()}, "unknown");
        }
    }
    if (fault_) return *fault_;
    return {};
}

} // namespace ecluse
