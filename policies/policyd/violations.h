#pragma once

#include <string_view>

namespace ecluse::policyd {

struct Context;

/// `protocol.violation`: one of our own processes asked something outside its table. `role` is
/// "listen", "worker" or "operator"; `address` the vendor's, when there is one.
void journal_violation(
    Context& context, std::string_view role, std::string_view address, std::string_view why
);

} // namespace ecluse::policyd
