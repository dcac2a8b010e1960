#pragma once

#include "gateway/rdp/key_queue.h"
#include "gateway/rdp/screen/canvas.h"
#include "gateway/rdp/screen/screens.h"
#include "gateway/rdp/session.h"

#include <freerdp/freerdp.h>
#include <optional>
#include <string>
#include <variant>

namespace ecluse::rdp {

/// INVARIANT: nothing is drawn, and no target connected, before the client is ready, nor while it
/// is activated anew. False: the session is over.
[[nodiscard]] bool wait_until_active(Session& session, rdpContext* front);

/// From the vendor's first picture to the grant: the ticket, or the gateway's own login and menu;
/// and every refusal, in words. Runs on the target's thread before it connects, and waits for
/// people there; every wait ends when the session does.
class Entry {
public:
    Entry(Session& session, KeyQueue& keys, rdpContext* front);

    /// The grant, or nothing: the person was told why, and the session has ended.
    [[nodiscard]] std::optional<Grant> enter();
    void show_connecting(std::string const& asset);
    /// Shown until a key, or for some seconds.
    void show_refusal(Refusal const& refusal);
    void show_message(std::string const& words);

private:
    [[nodiscard]] std::optional<OpenRequest> redeem(std::string& user);
    [[nodiscard]] bool log_in();
    [[nodiscard]] bool check(Submit& proof);
    /// What was typed of a name, and how far the person came: for policyd, if this is the end.
    void note_progress();
    [[nodiscard]] std::optional<OpenRequest> choose();
    [[nodiscard]] std::optional<Grant> open(OpenRequest const& request);
    [[nodiscard]] std::string welcome() const;
    void hold_message();
    void draw();
    /// The next thing the person did; NoAction after a while without.
    [[nodiscard]] ScreenAction step();

    Session& session_;
    KeyQueue& keys_;
    rdpContext* front_;
    Canvas canvas_;
    Screens screens_;
    std::string target_name_;
    std::optional<Person> person_;
    std::int64_t attempts_ = 0;
};

} // namespace ecluse::rdp
