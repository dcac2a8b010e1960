#include "admin-web/server/browsers.h"

#include "common/json.h"

namespace ecluse::web {
namespace {

constexpr std::chrono::seconds sweep_period{10};

} // namespace

Browsers::Browsers(boost::asio::io_context& context, std::string socket_path)
    : context_{context}, socket_path_{std::move(socket_path)}, timer_{context}
{
    sweep();
}

Result<std::shared_ptr<PolicyLink>> Browsers::open(Who const& who, PolicyLink::Hooks hooks)
{
    auto link = ECLUSE_TRY(PolicyLink::connect(context_, socket_path_, std::move(hooks)));
    json::object hello{
        {"address", who.address}, {"origin", who.origin}, {"language", to_code(who.language)}};
    if (!who.token.empty()) hello[who.automation ? "api_token" : "token"] = who.token;
    link->ask("browser.hello", std::move(hello), nullptr);
    return link;
}

std::string Browsers::key_of(Who const& who)
{
    // Another address is another browser, whatever cookie it has.
    return who.token + "@" + who.address;
}

Result<Browsers::Browser*> Browsers::find(Who const& who)
{
    auto const key = key_of(who);
    auto const now = std::chrono::steady_clock::now();
    auto found = links_.find(key);
    if (found == links_.end() || !found->second.link->open()) {
        if (links_.size() >= links_max) return Error{Errc::unavailable, "too many sessions"};
        auto link = ECLUSE_TRY(open(
            who,
            {.pushed = [this, key](PolicyLink::Reply reply) { pushed(key, std::move(reply)); },
             .closed = [this, key] { lost(key); }}
        ));
        found = links_.insert_or_assign(key, Browser{std::move(link), now, {}}).first;
    }
    found->second.used = now;
    return &found->second;
}

void Browsers::ask(
    Who const& who, std::string_view request, json::object fields, PolicyLink::Done done
)
{
    if (!who.token.empty()) {
        auto const browser = find(who);
        if (!browser) return done(browser.error());
        return (*browser)->link->ask(request, std::move(fields), std::move(done));
    }
    // Nobody: a connection for this one request.
    auto link = open(who, {});
    if (!link) return done(link.error());
    auto const held = *link;
    held->ask(
        request,
        std::move(fields),
        [held, done = std::move(done)](Result<PolicyLink::Reply> reply) {
            held->close();
            done(std::move(reply));
        }
    );
}

void Browsers::forget(Who const& who)
{
    auto const found = links_.find(key_of(who));
    if (found == links_.end() || !found->second.listeners.empty()) return;
    if (found->second.link->idle()) found->second.link->close();
}

void Browsers::listen(
    Who const& who, std::shared_ptr<Listener> const& listener, PolicyLink::Done done
)
{
    auto const browser = find(who);
    if (!browser) return done(browser.error());
    auto const link = (*browser)->link;
    (*browser)->listeners.insert(listener);
    link->ask("live.subscribe", {}, std::move(done));
}

void Browsers::pushed(Key const& key, PolicyLink::Reply reply)
{
    auto const found = links_.find(key);
    auto const* const what = reply.fields.if_contains("push");
    if (found == links_.end() || !what || !what->is_string()) return;
    bool const is_end = what->get_string() == "end";
    json::object message;
    if (is_end) {
        message["end"] = reply.fields["error"];
    } else if (what->get_string() == "changed") {
        message["changed"] = reply.fields["kinds"];
    } else {
        return;
    }
    auto const text = json::serialize(message);
    auto const listeners = found->second.listeners; // one may leave while it is told
    for (auto const& one : listeners) {
        auto const listener = one.lock();
        if (!listener) continue;
        listener->send(text);
        if (is_end) listener->ended();
    }
}

void Browsers::lost(Key const& key)
{
    auto const found = links_.find(key);
    // Another link may stand under this key already.
    if (found == links_.end() || found->second.link->open()) return;
    auto const listeners = std::move(found->second.listeners);
    links_.erase(found);
    for (auto const& one : listeners)
        if (auto const listener = one.lock()) listener->lost();
}

void Browsers::sweep()
{
    auto const now = std::chrono::steady_clock::now();
    for (auto& [key, browser] : links_) {
        std::erase_if(browser.listeners, [](auto const& one) { return one.expired(); });
        if (browser.listeners.empty() && browser.link->idle() && now - browser.used >= quiet_max)
            browser.link->close();
    }
    timer_.expires_after(sweep_period);
    timer_.async_wait([this](boost::system::error_code code) {
        if (!code) sweep();
    });
}

} // namespace ecluse::web
