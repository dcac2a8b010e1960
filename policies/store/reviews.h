#pragma once

#include "policies/store/database.h"

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>
#include <vector>

/// Reviews of accounts, and accounts that nobody uses (CHM:2.6, WEB:GA4).
namespace ecluse::store {

struct AccessReview {
    std::string id;
    std::optional<std::string> vendor; // none: the hospital's own people
    std::int64_t opened_at = 0, due_at = 0;
    std::optional<std::string> opened_by; // none: at its term
    std::optional<std::int64_t> validated_at;
};
/// With everybody of the company (or of the hospital) who has an account now. False when one is
/// running already, or when there is nobody.
[[nodiscard]] Result<bool> open_review(Database& database, AccessReview const& review);
[[nodiscard]] Result<std::optional<AccessReview>>
find_review(Database& database, std::string const& id);
/// Companies with people, and the hospital (none), that no review is running for; with the instant
/// of the last one, or of the first account.
struct LastReview {
    std::optional<std::string> vendor;
    std::int64_t at = 0;
};
[[nodiscard]] Result<std::vector<LastReview>> last_reviews(Database& database);
/// A clock that jumped shortens nobody's time.
Result<std::int64_t> postpone_reviews(Database& database, std::int64_t seconds);

struct ReviewVerdict {
    std::string review, person, verdict;            // keep | remove | unconfirmed
    std::optional<std::string> comment, decided_by; // none: at its term
    std::int64_t decided_at = 0;
};
[[nodiscard]] Result<bool>
is_reviewed_in(Database& database, std::string const& review, std::string const& person);
/// False when the review is validated.
[[nodiscard]] Result<bool> set_verdict(Database& database, ReviewVerdict const& verdict);
/// People of running reviews whose time is over, without a verdict: (review, person).
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>>
overdue_verdicts(Database& database, std::int64_t now);
[[nodiscard]] Result<std::int64_t> missing_verdicts(Database& database, std::string const& review);
/// False when somebody validated it meanwhile.
[[nodiscard]] Result<bool> validate_review(
    Database& database,
    std::string const& review,
    std::string const& by,
    std::string const& factors,
    std::string const& minutes,
    std::int64_t at
);
[[nodiscard]] Result<std::optional<std::string>>
review_minutes(Database& database, std::string const& review);
/// Reviews that wait for somebody.
struct RunningReview {
    std::string id;
    std::optional<std::string> vendor;
    std::int64_t due_at = 0, missing = 0;
};
[[nodiscard]] Result<std::vector<RunningReview>> running_reviews(Database& database);
/// `vendor`: only that company's.
[[nodiscard]] Result<boost::json::object> list_reviews(
    Database& database,
    std::optional<std::string> const& vendor,
    bool running_only,
    std::optional<std::string> const& after
);
/// Everybody of the review, with what somebody needs who decides on them.
[[nodiscard]] Result<boost::json::array>
review_people(Database& database, AccessReview const& review, std::int64_t now);

/// An account in use: last used, and since when its end is announced.
struct AccountInUse {
    std::string person, login;
    std::int64_t last_used = 0;
    std::optional<std::int64_t> announced;
};
/// Nobody else in use holds one of this person's roles without which the hospital could not act:
/// dsi, rssi, platform_admin.
[[nodiscard]] Result<bool>
is_last_of_its_role(Database& database, std::string const& person, std::int64_t now);
/// Those not used since `before`, the longest first.
[[nodiscard]] Result<std::vector<AccountInUse>>
unused_accounts(Database& database, std::int64_t before);
Result<> announce_dormancy(Database& database, std::string const& person, std::int64_t at);
/// How many announcements went.
Result<std::int64_t> withdraw_dormancies(Database& database);

} // namespace ecluse::store
