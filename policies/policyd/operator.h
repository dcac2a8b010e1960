#pragma once

namespace ecluse::policyd {

class RequestTable;
struct Context;

/// Every business request of the operator's socket, one function per object (operator_*.cpp).
/// `operator.hello`, `login`, `logout` and `whoami` are the machinery's own (operator_role.cpp).
void add_operator_requests(RequestTable& table, Context& context);

} // namespace ecluse::policyd
