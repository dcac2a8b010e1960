#pragma once

#include "common/helper_program.h"
#include "common/loop.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace ecluse::policyd {

/// An ecluse-search of one reader's login: asked on the loop's thread, answering in the order of
/// the questions. It ends, with all it knows, when this does.
class SearchProcess : public std::enable_shared_from_this<SearchProcess> {
public:
    using Done = std::function<void(Result<boost::json::object>)>;

    static void start(Loop& loop, std::function<void(Result<std::shared_ptr<SearchProcess>>)> done);
    SearchProcess(Loop& loop, HelperProgram program);
    ~SearchProcess();
    SearchProcess(SearchProcess const&) = delete;
    SearchProcess& operator=(SearchProcess const&) = delete;

    /// `request` without its id, which is a secret's worth of care when it holds a key: wiped here.
    void ask(boost::json::object request, std::vector<int> const& descriptors, Done done);

private:
    void listen();
    void read();
    void fail(Error const& error);

    Loop& loop_;
    std::optional<HelperProgram> program_;
    Loop::Watch readable_;
    std::int64_t last_id_ = 0;
    std::deque<Done> waiting_;
    bool dead_ = false;
};

} // namespace ecluse::policyd
