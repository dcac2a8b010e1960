#include "policies/report/facts.h"

#include "common/json.h"
#include "policies/report/facts_fields.h"

#include <algorithm>
#include <initializer_list>

namespace ecluse::report {
namespace {

constexpr std::string_view format = "ecluse-report-facts/1";

/// Reads values by name into the fields; `Fields` remembers the first fault.
class Reader {
public:
    explicit Reader(Fields& from) : from_{from} {}

    void operator()(char const* name, std::string& v, std::size_t max)
    {
        v = from_.text(name, max);
    }
    void operator()(char const* name, std::optional<std::string>& v, std::size_t max)
    {
        v = from_.optional_text(name, max);
    }
    void operator()(char const* name, UtcTime& v) { v = instant(name, from_.text(name, 32)); }
    void operator()(char const* name, std::optional<UtcTime>& v)
    {
        if (auto const text = from_.optional_text(name, 32)) v = instant(name, *text);
    }
    void operator()(char const* name, bool& v) { v = from_.flag(name); }
    void operator()(char const* name, std::optional<bool>& v)
    {
        if (from_.has(name)) v = from_.flag(name);
    }
    void operator()(char const* name, std::int64_t& v) { v = from_.number(name, 0); }
    void operator()(char const* name, std::optional<std::int64_t>& v)
    {
        v = from_.optional_number(name);
    }
    void operator()(
        char const* name, std::vector<std::string>& v, std::size_t count_max, std::size_t bytes_max
    )
    {
        v = from_.texts(name, count_max, bytes_max);
    }
    template <class T> void operator()(char const* name, T& v)
    {
        nested(name, from_.object(name), v);
    }
    template <class T> void operator()(char const* name, std::optional<T>& v)
    {
        if (auto const object = from_.optional_object(name)) nested(name, *object, v.emplace());
    }
    template <class T>
    void operator()(char const* name, std::optional<std::vector<T>>& v, std::size_t count_max)
    {
        if (from_.has(name)) (*this)(name, v.emplace(), count_max);
    }
    template <class T> void operator()(char const* name, std::vector<T>& v, std::size_t count_max)
    {
        for (auto const& item : from_.array(name, count_max)) {
            if (!item.is_object()) return from_.fault(name, "holds something else than objects");
            nested(name, item.get_object(), v.emplace_back());
        }
    }

private:
    UtcTime instant(char const* name, std::string const& text)
    {
        auto const at = parse_iso(text);
        if (!at) from_.fault(name, "not an instant");
        return at ? *at : UtcTime{};
    }
    template <class T> void nested(char const* name, json::object const& object, T& v)
    {
        Fields inner{object};
        Reader reader{inner};
        fields(reader, v);
        if (auto const done = inner.finish(); !done) from_.fault(name, done.error().what);
    }

    Fields& from_;
};

class Writer {
public:
    explicit Writer(json::object& to) : to_{to} {}

    void operator()(char const* name, std::string& v, std::size_t) { to_[name] = v; }
    void operator()(char const* name, UtcTime& v) { to_[name] = to_iso(v); }
    void operator()(char const* name, bool& v) { to_[name] = v; }
    void operator()(char const* name, std::int64_t& v) { to_[name] = v; }
    void operator()(char const* name, std::vector<std::string>& v, std::size_t, std::size_t)
    {
        to_[name] = json::value_from(v);
    }
    template <class T, class... Limit>
    void operator()(char const* name, std::optional<T>& v, Limit... limit)
    {
        if (v) (*this)(name, *v, limit...);
    }
    template <class T> void operator()(char const* name, std::vector<T>& v, std::size_t)
    {
        json::array list;
        for (auto& item : v)
            list.emplace_back(object_of(item));
        to_[name] = std::move(list);
    }
    template <class T> void operator()(char const* name, T& v) { to_[name] = object_of(v); }

private:
    template <class T> static json::object object_of(T& v)
    {
        json::object object;
        Writer writer{object};
        fields(writer, v);
        return object;
    }

    json::object& to_;
};

bool one_of(std::string_view value, std::initializer_list<std::string_view> allowed)
{
    return std::find(allowed.begin(), allowed.end(), value) != allowed.end();
}

/// Words that change what the report says must be known words: a new one is a new format.
Result<> check_words(Facts const& facts)
{
    for (auto const& session : facts.sessions) {
        for (auto const& transfer : session.transfers) {
            if (!one_of(transfer.direction, {"up", "down"}))
                return Error{Errc::malformed, "read facts: unknown transfer direction"};
            if (!one_of(
                    transfer.scan, {"clean", "infected", "refused", "unavailable", "not_scanned"}
                ))
                return Error{Errc::malformed, "read facts: unknown scan result"};
        }
    }
    for (auto const& recording : facts.recordings)
        if (!one_of(recording.state, {"open", "sealed", "interrupted", "failed", "purged"}))
            return Error{Errc::malformed, "read facts: unknown recording state"};
    for (auto const& decision : facts.decisions)
        if (!one_of(decision.what, {"signed", "accepted", "returned"}))
            return Error{Errc::malformed, "read facts: unknown decision"};
    // Closed in the very second in which it opened, it has a report as well.
    if (facts.window.end < facts.window.start)
        return Error{Errc::malformed, "read facts: the window ends before it starts"};
    if (facts.version < 1) return Error{Errc::malformed, "read facts: versions count from 1"};
    return {};
}

} // namespace

Result<Facts> parse_facts(std::string_view text)
{
    if (text.size() > facts_bytes_max) return Error{Errc::too_large, "read facts: too large"};
    auto const object = ECLUSE_TRY(parse_object(text));
    Fields from{object};
    if (from.text("format", id_bytes_max) != format) from.fault("format", "unknown");
    Facts facts;
    Reader reader{from};
    fields(reader, facts);
    if (auto const done = from.finish(); !done) return done.error().within("read facts");
    if (auto const known = check_words(facts); !known) return known.error();
    return facts;
}

std::string canonical_facts(Facts const& facts)
{
    auto copy = facts; // the field list is shared with the reader, which needs to write
    json::object object;
    object["format"] = format;
    Writer writer{object};
    fields(writer, copy);
    return json::serialize(object);
}

bool is_signed(Facts const& facts)
{
    bool standing = false; // a returned version has to be signed anew
    for (auto const& decision : facts.decisions) {
        if (decision.what == "signed") standing = true;
        if (decision.what == "returned") standing = false;
    }
    return standing;
}

} // namespace ecluse::report
