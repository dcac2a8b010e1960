#include "common/bytes.h"
#include "common/helper_program.h"
#include "common/json.h"
#include "common/text_keys.h"
#include "policies/ctl/opened_recording.h"
#include "policies/ctl/run.h"
#include "policies/ctl/show.h"

#include <fmt/format.h>

#include <sys/mman.h>
#include <unistd.h>

/// Searching recordings from the reader's own workstation: policyd hands over what is sealed, the
/// key stays here, and the words are in clear in an ecluse-search of our own
/// (docs/decisions/0025-search-in-memory-from-sealed-text.md).
namespace ecluse::ctl {
namespace {

using namespace std::chrono_literals;

/// The longest recording without a text of its own is read whole.
constexpr auto answer_wait = 600s;
constexpr std::size_t found_bytes_max = 16 * 1024 * 1024;
constexpr int pages_max = 10;

bool is_true(json::object const& object, std::string_view field)
{
    auto const* const value = object.if_contains(field);
    return value && value->is_bool() && value->get_bool();
}

std::string clock_of(std::int64_t at_ms)
{
    auto const s = at_ms / 1000;
    return fmt::format("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

/// The words, and a recordings' keys, in a process that ends with this one.
class Reader {
public:
    Reader(Ctl& ctl, HelperProgram program, recording::ReadingKey const& key)
        : ctl_{ctl}, program_{std::move(program)}, key_{key}
    {
    }

    /// Every recording that the search covers; false once it was said why not.
    [[nodiscard]] bool read(std::string const& search, std::int64_t total)
    {
        for (std::int64_t n = 1;; ++n) {
            auto answer = ctl_.ask("search.files", {{"search", search}});
            if (!answer) return false;
            if (is_true(answer->fields, "done")) break;
            tell_progress(n, total);
            if (full_ || answer->descriptors.empty())
                ++(full_ ? left_ : unreadable_);
            else if (auto const added = add(*answer); !added)
                ++unreadable_;
        }
        if (::isatty(STDERR_FILENO) == 1 && total > 0) (void)write_all(STDERR_FILENO, "\n");
        return true;
    }

    [[nodiscard]] Result<json::object> find(std::string const& words, json::value const& after)
    {
        Fd output{::memfd_create("found", MFD_CLOEXEC)};
        if (!output) return os_error("memory file");
        auto const answer = ECLUSE_TRY(
            ask({{"do", "search.find"},
                 {"words", words},
                 {"person", ""},
                 {"vendor", ""},
                 {"asset", ""},
                 {"kind", ctl_.value("kind")},
                 {"from_ms", 0},
                 {"to_ms", 0},
                 {"after", after}},
                {output.get()})
        );
        if (!is_true(answer, "ok")) return Error{Errc::io, "ecluse-search could not look"};
        if (::lseek(output.get(), 0, SEEK_SET) != 0) return os_error("rewind");
        return parse_object(ECLUSE_TRY(read_all(output.get(), found_bytes_max)));
    }

    /// What was not searched is said: a search that misses in silence is worse than none.
    void tell_limits() const
    {
        auto const say = [this](TextKey key, std::size_t count) {
            if (count > 0) ctl_.say(key, {{"count", std::to_string(count)}});
        };
        say(TextKey::ctl_recording_search_unreadable, unreadable_);
        say(TextKey::ctl_recording_search_full, left_);
        say(TextKey::ctl_recording_search_cut, cut_);
    }

    [[nodiscard]] json::object counts() const
    {
        return {{"read", read_}, {"unreadable", unreadable_}, {"not_read", left_}, {"cut", cut_}};
    }
    [[nodiscard]] bool opened_none() const { return read_ == 0 && unreadable_ > 0; }

private:
    void tell_progress(std::int64_t n, std::int64_t total) const
    {
        if (ctl_.json() || ::isatty(STDERR_FILENO) == 0) return;
        (void)write_all(STDERR_FILENO, fmt::format("\r{} / {}", n, total));
    }

    [[nodiscard]] Result<json::object>
    ask(json::object request, std::vector<int> const& descriptors)
    {
        request["id"] = ++last_id_;
        auto text = json::serialize(request);
        auto const sent = program_.socket().send(text, descriptors);
        wipe(text);
        if (!sent) return sent.error();
        auto const packet = ECLUSE_TRY(program_.socket().receive(answer_wait));
        if (!packet) return Error{Errc::io, "ecluse-search ended"};
        return parse_object(packet->json);
    }

    Result<> add(Answered& answer)
    {
        std::vector<Fd> kept;
        std::vector<int> descriptors;
        for (auto const& file : answer.descriptors) {
            kept.push_back(ECLUSE_TRY(file.duplicate()));
            descriptors.push_back(kept.back().get());
        }
        bool const report = is_true(answer.fields, "report");
        if (report) answer.descriptors.pop_back();
        auto files = files_of(ctl_, answer);
        if (!files) return Error{Errc::malformed, "files"};
        auto const opened = ECLUSE_TRY(recording::Recording::open(*std::move(files)));
        auto const key = ECLUSE_TRY(opened.unlock(key_));
        auto const added = ECLUSE_TRY(
            ask({{"do", "search.add"},
                 {"key", to_base64(key.reveal())},
                 {"files", answer.fields.at("files")},
                 {"facts", answer.fields.at("facts")},
                 {"report", report}},
                descriptors)
        );
        if (is_true(added, "ok")) {
            ++read_;
            if (is_true(added, "cut")) ++cut_;
            return {};
        }
        if (text_of(added, "why") != "full") return Error{Errc::corrupt, "not readable"};
        full_ = true;
        ++left_;
        return {};
    }

    Ctl& ctl_;
    HelperProgram program_;
    recording::ReadingKey const& key_;
    std::int64_t last_id_ = 0;
    std::size_t read_ = 0, unreadable_ = 0, left_ = 0, cut_ = 0;
    bool full_ = false;
};

void show_session(Ctl const& ctl, json::object const& session)
{
    ctl.say(fmt::format(
        "{}  {}  {} ({})  {}",
        text_of(session, "session"),
        in_words(session.at("started_at"), "started_at", ctl.language()),
        printable(text_of(session, "person")),
        printable(text_of(session, "vendor")),
        printable(text_of(session, "asset"))
    ));
    for (auto const& one : session.at("hits").as_array()) {
        auto const& hit = one.as_object();
        std::string text;
        for (auto const& part : hit.at("text").as_array())
            text += std::string_view{part.as_array().at(0).as_string()};
        ctl.say(fmt::format(
            "    {}  {}  {}",
            clock_of(hit.at("at_ms").to_number<std::int64_t>()),
            in_words(hit.at("kind"), "kind", ctl.language()),
            printable(text, 400)
        ));
    }
    if (is_true(session, "more")) ctl.say("    …");
}

} // namespace

Exit run_recording_search(Ctl& ctl, Command const& command, json::object fields)
{
    // The key first: what does not open leaves no trace of a search.
    auto const key = reading_key(ctl);
    if (!key) return ctl.exit();
    auto program = HelperProgram::start("ecluse-search");
    if (!program) return ctl.fail(program.error());
    fields["here"] = false;
    auto const begun = ctl.ask(command.request, std::move(fields));
    if (!begun) return ctl.exit();
    Reader reader{ctl, *std::move(program), *key};
    auto const search = text_of(begun->fields, "search");
    auto const total = begun->fields.at("total").to_number<std::int64_t>();
    if (!reader.read(search, total)) return ctl.exit();
    if (reader.opened_none())
        return ctl.fail(Exit::refused, TextKey::ctl_recording_key_wrong, {{"why", "unlock"}});
    json::array sessions;
    json::value next = 0;
    for (int page = 0; page < pages_max && !next.is_null(); ++page) {
        auto found = reader.find(ctl.value("words"), next);
        if (!found) return ctl.fail(found.error());
        for (auto& session : found->at("sessions").as_array())
            sessions.push_back(std::move(session));
        next = found->at("next");
    }
    (void)ctl.ask("search.close", {{"search", search}});
    if (ctl.json()) {
        auto shown = reader.counts();
        shown["sessions"] = std::move(sessions);
        shown["more"] = !next.is_null();
        fmt::print("{}\n", json::serialize(shown));
        return Exit::ok;
    }
    for (auto const& session : sessions)
        show_session(ctl, session.as_object());
    if (sessions.empty()) ctl.say(TextKey::ctl_recording_search_nothing);
    if (!next.is_null()) ctl.say(TextKey::ctl_recording_search_more);
    reader.tell_limits();
    return Exit::ok;
}

} // namespace ecluse::ctl
