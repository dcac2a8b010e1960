#include "policies/policyd/connection.h"

#include "common/bytes.h"
#include "common/fill_text.h"
#include "common/json.h"
#include "common/log.h"
#include "common/secret.h"
#include "common/text_keys.h"

namespace ecluse::policyd {
namespace {

Result<>
send_packet(PacketSocket const& socket, std::string const& text, std::vector<Fd> const& files)
{
    std::vector<int> numbers;
    for (auto const& file : files)
        numbers.push_back(file.get());
    return socket.send(text, numbers);
}

} // namespace

json::object render(Fault const& fault, Language language)
{
    json::object error{
        {"code", fault.code}, {"text", fill_text(language, fault.text, fault.holes)}};
    if (fault.remedy) error["remedy"] = fill_text(language, *fault.remedy, fault.holes);
    if (!fault.reference.empty()) error["reference"] = fault.reference;
    return error;
}

Connection::Connection(Loop& loop, PacketSocket socket, Hooks hooks)
    : loop_{loop}, socket_{std::move(socket)}, hooks_{std::move(hooks)}
{
}

void Connection::start()
{
    if (auto const done = set_nonblocking(socket_.fd(), true); !done) return close();
    readable_ = loop_.on_readable(socket_.fd(), [self = weak_from_this()] {
        if (auto const alive = self.lock()) alive->read();
    });
}

void Connection::close()
{
    if (!socket_) return;
    readable_.cancel();
    writable_.cancel();
    queue_.clear();
    socket_ = PacketSocket{};
    // Later: whoever closes may be deep inside a handler of the same connection.
    loop_.post([self = shared_from_this()] {
        if (auto const closed = std::exchange(self->hooks_.closed, nullptr)) closed();
    });
}

void Connection::violate(std::string const& why)
{
    if (!socket_) return;
    log(LogLevel::warning, "request outside the contract: " + printable(why));
    if (hooks_.violated) hooks_.violated(why);
    close();
}

void Connection::read()
{
    auto packet = socket_.receive();
    if (!packet) {
        if (packet.error().code == Errc::unavailable) return;
        if (packet.error().code == Errc::too_large) return violate("packet too large");
        return close();
    }
    if (!*packet) return close();
    take(std::move(**packet));
}

void Connection::take(Packet packet)
{
    auto parsed = parse_object(packet.json);
    wipe(packet.json); // it may hold a password
    if (!parsed) return violate("not an object");
    auto* const name = parsed->if_contains("do");
    if (!name || !name->is_string()) return violate("no name");
    Request request;
    request.name = std::string{name->get_string()};
    auto const* const row = hooks_.table->find(request.name);
    if (!row) return violate("unknown request " + printable(request.name, 64));
    if (auto* const id = parsed->if_contains("id");
        id && id->is_int64() && id->get_int64() > last_id_)
        request.id = last_id_ = id->get_int64();
    else if (id || row->answered)
        return violate(request.name + ": bad id");
    if (row->once && !asked_once_.insert(request.name).second)
        return violate(request.name + ": asked twice");
    if (row->allowed && !row->allowed()) return violate(request.name + ": out of order");
    if (unanswered_ >= unanswered_max) return violate(request.name + ": too many requests at once");

    parsed->erase("do");
    parsed->erase("id");
    request.fields = std::move(*parsed);
    request.descriptors = std::move(packet.descriptors);
    auto const number = row->answered ? request.id : 0;
    if (number > 0) ++unanswered_;
    hooks_.handle(*row, std::move(request), Answer{[self = weak_from_this(), number](Reply reply) {
        if (auto const alive = self.lock()) alive->answer(number, std::move(reply));
    }});
}

void Connection::run_row(
    RequestRow const& row, Caller const& caller, Request request, Answer const& answer
)
{
    auto reply = row.handler(caller, request, answer);
    if (!std::holds_alternative<Reply::Later>(reply.what())) answer.complete(std::move(reply));
}

void Connection::answer(std::int64_t id, Reply reply)
{
    if (auto const* const broken = std::get_if<Reply::Violation>(&reply.what()))
        return violate(broken->why);
    auto const language = hooks_.language ? hooks_.language() : Language::french;
    if (auto const* const error = std::get_if<Error>(&reply.what())) {
        log(LogLevel::error, "request failed: " + printable(error->what));
        reply = Fault{"E-SYS-01", TextKey::error_internal_text, {}, TextKey::error_internal_remedy};
    }
    if (id == 0) return;
    --unanswered_;
    json::object object{{"re", id}};
    std::vector<Fd> descriptors;
    if (auto* const success = std::get_if<Reply::Success>(&reply.what())) {
        object["ok"] = true;
        for (auto const& [name, value] : success->fields)
            object[name] = value;
        descriptors = std::move(success->descriptors);
    } else if (auto const* const fault = std::get_if<Fault>(&reply.what())) {
        object["ok"] = false;
        object["error"] = render(*fault, language);
    }
    send(json::serialize(object), std::move(descriptors));
}

void Connection::push(json::object object, std::vector<Fd> descriptors)
{
    send(json::serialize(object), std::move(descriptors));
}

void Connection::send(std::string text, std::vector<Fd> descriptors)
{
    if (!socket_) return;
    if (queue_.size() >= queue_max) {
        log(LogLevel::warning, "a peer does not read its answers");
        return close();
    }
    queue_.push_back({std::move(text), std::move(descriptors)});
    drain();
}

void Connection::drain()
{
    while (socket_ && !queue_.empty()) {
        auto const& next = queue_.front();
        auto const sent = send_packet(socket_, next.text, next.descriptors);
        if (!sent && sent.error().code == Errc::unavailable) {
            if (!writable_)
                writable_ = loop_.on_writable(socket_.fd(), [self = weak_from_this()] {
                    if (auto const alive = self.lock()) alive->drain();
                });
            return;
        }
        if (!sent) {
            log(LogLevel::warning, sent.error().what);
            return close();
        }
        wipe(queue_.front().text); // it may hold a target's password
        queue_.pop_front();
    }
    writable_.cancel();
}

} // namespace ecluse::policyd
