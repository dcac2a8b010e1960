#include "gateway/listen/options.h"

#include <charconv>
#include <string_view>
#include <unistd.h>

namespace ecluse::listen {
namespace {

Result<std::string> beside_this_program(std::string const& name)
{
    std::string path(4096, '\0');
    auto const length = ::readlink("/proc/self/exe", path.data(), path.size());
    if (length <= 0) return os_error("find this program");
    path.resize(static_cast<std::size_t>(length));
    return path.substr(0, path.rfind('/') + 1) + name;
}

} // namespace

Result<Options> parse_options(int count, char const* const* words)
{
    Options options;
    for (int i = 1; i < count; ++i) {
        std::string_view const name{words[i]};
        if (name == "--help") {
            options.help = true;
            return options;
        }
        if (++i == count) return Error{Errc::malformed, std::string{name} + ": value missing"};
        std::string_view const value{words[i]};
        if (name == "--root") {
            options.policy_socket = std::string{value} + "/run/listen.sock";
        } else if (name == "--door") {
            options.door = value;
        } else if (name == "--address") {
            options.address = value;
        } else if (name == "--worker") {
            options.worker = value;
        } else if (name == "--port") {
            auto const [end, fault] =
                std::from_chars(value.data(), value.data() + value.size(), options.port);
            if (fault != std::errc{} || end != value.data() + value.size())
                return Error{Errc::malformed, "--port: not a port"};
        } else {
            return Error{Errc::malformed, std::string{name} + ": unknown option"};
        }
    }
    if (options.door != "ssh" && options.door != "rdp")
        return Error{Errc::malformed, "--door: ssh or rdp"};
    if (options.worker.empty())
        options.worker = ECLUSE_TRY(beside_this_program("ecluse-" + options.door + "-worker"));
    // What the worker starts in its turn stands beside it, whichever worker that is.
    if (options.door == "rdp")
        options.helpers = {
            options.worker.substr(0, options.worker.rfind('/') + 1) + "ecluse-encode"};
    else
        options.terminal = ECLUSE_TRY(beside_this_program("ecluse-terminal"));
    return options;
}

} // namespace ecluse::listen
