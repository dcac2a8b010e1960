#pragma once

#include "common/packet.h"
#include "policies/policyd/connection.h"

#include <memory>

namespace ecluse::policyd {

struct Context;

/// An eclusectl on the operator's socket. Holds each request against the table: who is logged in by
/// this token, with which roles, signing again where the row says so.
class OperatorRole {
public:
    static void start(Context& context, RequestTable const& table, PacketSocket socket);

    OperatorRole(Context& context, unsigned uid) : context_{context}, uid_{uid} {}

private:
    void handle(RequestRow const& row, Request request, Answer const& answer);
    [[nodiscard]] Reply hello(Request& request);

    Context& context_;
    unsigned uid_;
    Language language_ = Language::french;
    bool greeted_ = false;
    std::shared_ptr<Connection> connection_;
};

/// operator.hello, login, logout, whoami.
void add_login_requests(RequestTable& table, Context& context);

} // namespace ecluse::policyd
