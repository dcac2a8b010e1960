#pragma once

#include "policies/policyd/live.h"

#include <string_view>

namespace ecluse::policyd {

/// The endings that the machine itself orders; people's are built by their requests.
namespace endings {
[[nodiscard]] Ending window_end();
[[nodiscard]] Ending recorder_failed();
[[nodiscard]] Ending journal_failed();
[[nodiscard]] Ending revoked();
[[nodiscard]] Ending clock();
[[nodiscard]] Ending shutdown();
[[nodiscard]] Ending flood();
/// A terminal in a browser whose login to the portal is over.
[[nodiscard]] Ending login_over();
} // namespace endings

/// An event of the service itself, without person. Failing to journal is logged: the caller has no
/// act to take back.
void journal_service(Context& context, std::string_view type, std::string_view detail);

} // namespace ecluse::policyd
