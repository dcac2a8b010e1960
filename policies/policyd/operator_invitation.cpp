#include "policies/policyd/operator_invitation.h"

#include "common/bytes.h"
#include "common/json.h"
#include "policies/config/config.h"
#include "policies/policyd/operator_act.h"

namespace ecluse::policyd {
namespace {

/// 150 bits, read aloud if need be.
constexpr std::size_t token_characters = 32;

} // namespace

Result<NewInvitation>
make_invitation(Context& context, Caller const& caller, store::Person const& person)
{
    auto const token = random_spelling(token_characters);
    auto const now = seconds_now(context);
    auto const expires = now + context.config.passwords.invitation_hours * 3600;
    ECLUSE_TRY(record_act(
        context,
        caller,
        {.type = "person.invited",
         .object = person.id,
         .details = {{"login", person.login}, {"expires", expires}}},
        [&] {
            return store::insert_invitation(
                context.database, to_hex(sha256(token)), person.id, caller.person, now, expires
            );
        }
    ));
    return NewInvitation{token, UtcTime{std::chrono::seconds{expires}}};
}

Reply document(json::object object)
{
    auto file = memory_file("document", json::serialize(object));
    if (!file) return file.error();
    std::vector<Fd> descriptors;
    descriptors.push_back(std::move(*file));
    return Reply{json::object{{"document", "object"}}, std::move(descriptors)};
}

} // namespace ecluse::policyd
