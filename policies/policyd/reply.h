#pragma once

#include "common/fd.h"
#include "common/result.h"
#include "common/text.h"

#include <boost/json/object.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace ecluse::policyd {

/// A "no" for a person: a stable code, a sentence from the catalogue, and what to do about it. The
/// machinery writes both in the asking person's language.
struct Fault {
    std::string code; // "E-FEN-01"
    TextKey text;
    std::vector<std::pair<std::string, std::string>> holes = {}; // shared by text and remedy
    std::optional<TextKey> remedy = std::nullopt;
    std::string reference = {}; // "R-7KQ3M5", when the refusal was recorded
};

/// What a handler gives back. Implicit from an object (success), a Fault (refused) and an Error (we
/// are broken: logged, answered as E-SYS-01), so that handlers read as plain returns and ECLUSE_TRY
/// works in them.
class Reply {
public:
    Reply(boost::json::object fields) : what_{Success{std::move(fields), {}}} {}
    Reply(boost::json::object fields, std::vector<Fd> descriptors)
        : what_{Success{std::move(fields), std::move(descriptors)}}
    {
    }
    Reply(Fault fault) : what_{std::move(fault)} {}
    Reply(Error error) : what_{std::move(error)} {}

    /// The request has no answer, or its Answer is completed later.
    [[nodiscard]] static Reply later() { return Reply{Later{}}; }
    /// Not in the contract (unknown field, wrong type, out of order): journaled as
    /// `protocol.violation`, and the connection ends.
    [[nodiscard]] static Reply violation(std::string why)
    {
        return Reply{Violation{std::move(why)}};
    }

    struct Success {
        boost::json::object fields;
        std::vector<Fd> descriptors;
    };
    struct Later {};
    struct Violation {
        std::string why;
    };
    using What = std::variant<Success, Fault, Error, Later, Violation>;
    [[nodiscard]] What& what() { return what_; }

private:
    explicit Reply(Later later) : what_{later} {}
    explicit Reply(Violation violation) : what_{std::move(violation)} {}

    What what_;
};

/// The right to answer one request, once. Copies share it. It may outlive its connection (pool
/// work that ends after the peer left): completing it then does nothing. On the loop's thread only.
class Answer {
public:
    using Send = std::function<void(Reply)>;

    Answer() = default;
    explicit Answer(Send send) : send_{std::make_shared<Send>(std::move(send))} {}
    void complete(Reply reply) const
    {
        if (!send_ || !*send_) return;
        auto const send = std::exchange(*send_, nullptr);
        send(std::move(reply));
    }

private:
    std::shared_ptr<Send> send_;
};

} // namespace ecluse::policyd
