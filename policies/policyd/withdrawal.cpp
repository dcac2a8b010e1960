#include "policies/policyd/withdrawal.h"

#include "common/json.h"
#include "policies/policyd/endings.h"
#include "policies/policyd/live.h"
#include "policies/policyd/operator_act.h"
#include "policies/policyd/operator_session.h"
#include "policies/store/credentials.h"

namespace ecluse::policyd {

Result<std::int64_t>
withdraw_account(Context& context, Caller const& caller, Withdrawal const& withdrawal)
{
    auto const now = seconds_now(context);
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = withdrawal.type,
         .object = withdrawal.person,
         .details =
             {{"before", withdrawal.before},
              {"after", withdrawal.to},
              {"reason", withdrawal.reason}}},
        [&]() -> Result<> {
            ECLUSE_TRY(store::set_person_state(
                context.database,
                withdrawal.person,
                withdrawal.to,
                withdrawal.reason,
                caller.person,
                now
            ));
            if (withdrawal.to == "archived")
                for (auto const* kind : {"password", "ssh_key", "totp", "recovery"})
                    ECLUSE_TRY(
                        store::revoke_credentials(context.database, withdrawal.person, kind, now)
                    );
            return operator_session::end_all_of(context, withdrawal.person);
        }
    ));
    auto ending = endings::revoked();
    ending.by = caller.person;
    ending.comment = withdrawal.reason;
    return static_cast<std::int64_t>(context.live.revoke_person(withdrawal.person, ending));
}

} // namespace ecluse::policyd
