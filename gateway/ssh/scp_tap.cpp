#include "gateway/ssh/scp_tap.h"

#include "gateway/ssh/events.h"

#include <algorithm>
#include <charconv>

namespace ecluse::ssh {
namespace {

/// A mode, a size and a name of at most 4096 bytes.
constexpr std::size_t line_max = 4096 + 64;
constexpr std::size_t folder_max = 16 * 1024;

} // namespace

bool ScpTap::begin_file(std::string_view line)
{
    // "C0644 12345 name"
    auto const first = line.find(' ');
    auto const second = line.find(' ', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return false;
    auto const size = line.substr(first + 1, second - first - 1);
    auto const [end, fault] = std::from_chars(size.data(), size.data() + size.size(), left_);
    if (fault != std::errc{} || end != size.data() + size.size()) return false;
    auto const named = line.substr(second + 1);
    if (named.empty()) return false;
    if (line[0] == 'D') {
        if (folder_.size() + named.size() + 1 > folder_max) return false;
        folder_ += named;
        folder_ += '/';
        return true;
    }
    name_ = folder_ + std::string{named};
    bytes_ = 0;
    hash_.emplace();
    state_ = left_ > 0 ? State::contents : State::trailer;
    return true;
}

bool ScpTap::on_line()
{
    auto const line = std::exchange(line_, {});
    switch (line[0]) {
    case 'C':
    case 'D':
        return begin_file(line);
    case 'E': {
        if (line != "E" || folder_.empty()) return false;
        folder_.pop_back();
        folder_.erase(folder_.rfind('/') == std::string::npos ? 0 : folder_.rfind('/') + 1);
        return true;
    }
    case 'T':
        return std::all_of(line.begin() + 1, line.end(), [](char c) {
            return c == ' ' || (c >= '0' && c <= '9');
        });
    case '\x01':
    case '\x02':
        return true; // the sender's complaint
    default:
        return false;
    }
}

void ScpTap::end_file(bool complete, std::vector<std::string>& events)
{
    if (!hash_) return;
    events.push_back(to_event(TransferEvent{
        .channel = rules_.channel,
        .protocol = "scp",
        .up = is_up_,
        .name = name_,
        .bytes = bytes_,
        .sha256 = hash_->finish(),
        .sequential = true,
        .complete = complete}));
    hash_.reset();
}

Tap::Result ScpTap::source(std::string_view bytes)
{
    Result result;
    result.forward = bytes;
    control_.clear();
    std::size_t at = 0;
    while (at < bytes.size()) {
        if (state_ == State::contents) {
            auto const part = bytes.substr(at, left_);
            hash_->update(part);
            bytes_ += part.size();
            left_ -= part.size();
            at += part.size();
            if (left_ == 0) state_ = State::trailer;
            continue;
        }
        char const c = bytes[at++];
        control_.push_back(c);
        bool good = true;
        if (state_ == State::trailer) {
            good = c == '\0' || c == '\x01' || c == '\x02';
            end_file(c == '\0', result.events);
            state_ = c == '\0' ? State::line : State::message;
        } else if (state_ == State::message) {
            if (c == '\n') state_ = State::line;
        } else if (c == '\n') {
            good = !line_.empty() && on_line();
        } else if (line_.size() >= line_max) {
            good = false;
        } else {
            line_.push_back(c);
        }
        if (good) continue;
        result.stop = "protocol";
        result.forward = bytes.substr(0, at - 1);
        break;
    }
    result.record = control_;
    return result;
}

Tap::Result ScpTap::sink(std::string_view bytes)
{
    Result result;
    result.forward = bytes;
    answers_ = bytes;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        char const c = bytes[at];
        if (in_message_) {
            in_message_ = c != '\n';
        } else if (c == '\x01' || c == '\x02') {
            in_message_ = true;
        } else if (c != '\0') {
            result.stop = "protocol";
            result.forward = bytes.substr(0, at);
            break;
        }
    }
    result.record = answers_;
    return result;
}

Tap::Result ScpTap::up(std::string_view bytes, Deadline)
{
    return is_up_ ? source(bytes) : sink(bytes);
}

Tap::Result ScpTap::down(std::string_view bytes, Deadline)
{
    return is_up_ ? sink(bytes) : source(bytes);
}

std::vector<std::string> ScpTap::conclude(std::optional<int>)
{
    std::vector<std::string> events;
    end_file(false, events);
    return events;
}

} // namespace ecluse::ssh
