#include "gateway/ssh/command.h"

#include <algorithm>
#include <string>
#include <vector>

namespace ecluse::ssh {
namespace {

/// Words of a command line that a POSIX shell would read as the same plain words; empty when it
/// contains anything that the shell would act upon.
std::vector<std::string> plain_words(std::string_view line)
{
    std::vector<std::string> words;
    std::string word;
    bool in_word = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        char const c = line[i];
        if (c == ' ') {
            if (in_word) words.push_back(std::move(word));
            word.clear();
            in_word = false;
            continue;
        }
        in_word = true;
        if (c == '\'') {
            auto const close = line.find('\'', i + 1);
            if (close == std::string_view::npos) return {};
            word.append(line.substr(i + 1, close - i - 1));
            i = close;
        } else if (c == '\\') {
            if (++i == line.size() || line[i] == '\n') return {};
            word.push_back(line[i]);
        } else if (static_cast<unsigned char>(c) < 0x20 || std::string_view{";|&$`<>()\"#{}!\x7f"}.find(c) != std::string_view::npos) {
            return {};
        } else {
            word.push_back(c);
        }
    }
    if (in_word) words.push_back(std::move(word));
    return words;
}

bool has_flag(std::string_view word, char flag)
{
    return word.size() > 1 && word[0] == '-' && word[1] != '-' &&
           word.find(flag) != std::string_view::npos;
}

ChannelKind classify_scp(std::vector<std::string> const& words)
{
    bool up = false;
    bool down = false;
    std::size_t operands = 0;
    bool options = true;
    for (std::size_t i = 1; i < words.size(); ++i) {
        auto const& word = words[i];
        if (options && word == "--") {
            options = false;
        } else if (options && word.size() > 1 && word[0] == '-') {
            // -r recursive, -p times, -d directory, -v verbose, -q quiet; anything else (-S
            // program, -o option) is not what a client asks of the server.
            if (word.find_first_not_of("-tfrpdvq") != std::string::npos) return ChannelKind::exec;
            up = up || has_flag(word, 't');
            down = down || has_flag(word, 'f');
        } else {
            ++operands;
        }
    }
    if (up == down || operands == 0) return ChannelKind::exec;
    return up ? ChannelKind::scp_up : ChannelKind::scp_down;
}

ChannelKind classify_rsync(std::vector<std::string> const& words)
{
    if (words.size() < 3 || words[1] != "--server") return ChannelKind::exec;
    bool const sender = words[2] == "--sender";
    for (auto const& word : words) {
        // Options by which a server side starts programs or writes elsewhere.
        if (word.starts_with("--rsh") || word.starts_with("--rsync-path") ||
            word.starts_with("--daemon") || word.starts_with("--config") ||
            word.starts_with("--log-file") || word.starts_with("--write-batch") ||
            word.starts_with("--only-write-batch") || word.starts_with("--read-batch") ||
            word.starts_with("--early-input"))
            return ChannelKind::exec;
    }
    // "--sender" further on would still make it send.
    if (!sender && std::find(words.begin(), words.end(), "--sender") != words.end())
        return ChannelKind::exec;
    return sender ? ChannelKind::rsync_down : ChannelKind::rsync_up;
}

} // namespace

std::string_view to_text(ChannelKind kind)
{
    switch (kind) {
    case ChannelKind::shell:
        return "shell";
    case ChannelKind::exec:
        return "exec";
    case ChannelKind::sftp:
        return "sftp";
    case ChannelKind::scp_up:
        return "scp_up";
    case ChannelKind::scp_down:
        return "scp_down";
    case ChannelKind::rsync_up:
        return "rsync_up";
    case ChannelKind::rsync_down:
        return "rsync_down";
    }
    return "exec";
}

ChannelKind classify_command(std::string_view command)
{
    auto const words = plain_words(command);
    if (words.empty()) return ChannelKind::exec;
    if (words[0] == "scp") return classify_scp(words);
    if (words[0] == "rsync") return classify_rsync(words);
    return ChannelKind::exec;
}

} // namespace ecluse::ssh
