#pragma once

#include "common/loop.h"
#include "common/result.h"

#include <chrono>
#include <optional>
#include <string>

namespace ecluse::policyd {

struct Caller;
struct Context;

/// What terms do to accounts, once an hour: a review of each company's people, and of the
/// hospital's own, opens every six months (CHM:2.6); who is not confirmed in time is suspended, and
/// so is an account that nobody uses (WEB:GA4), two weeks after that was announced. A clock that
/// jumps forward withdraws every announcement and puts off the end of every review by as much. The
/// last person in use who may act for the hospital is never suspended by a term.
class Reviews {
public:
    static constexpr std::chrono::hours period{1};
    static constexpr std::chrono::seconds first_after{5};

    void start(Context& context);
    void clock_jumped(std::chrono::milliseconds moved);

private:
    void round();

    Context* context_ = nullptr;
    Loop::Watch first_, hourly_;
};

/// Opens a review of a company's people, or of the hospital's (none). Its id; none when one is
/// running or there is nobody.
[[nodiscard]] Result<std::optional<std::string>>
open_review(Context& context, Caller const& caller, std::optional<std::string> const& vendor);

} // namespace ecluse::policyd
