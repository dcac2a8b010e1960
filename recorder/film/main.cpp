#include "common/fd.h"
#include "common/log.h"
#include "common/sandbox.h"
#include "recorder/film/film.h"

#include <array>
#include <exception>
#include <unistd.h>

namespace {

/// Frames on standard input, the film on standard output. What it reads was shown by a target that
/// nobody trusts: like the encoder, it can reach nothing but these two.
int serve()
{
    using namespace ecluse;
    auto letters = film::Letters::load();
    if (!letters) {
        log(LogLevel::error, letters.error().what);
        return 2;
    }
    auto const confined = confine(ProcessRole::encoder);
    if (!confined) {
        log(LogLevel::error, confined.error().what);
        return 2;
    }
    film::Film film{*std::move(letters)};
    FrameDecoder frames;
    auto const take = [&](std::string_view bytes) -> Result<> {
        for (auto const& frame : ECLUSE_TRY(frames.feed(bytes)))
            ECLUSE_TRY(write_all(STDOUT_FILENO, ECLUSE_TRY(film.take(frame))));
        return {};
    };
    static std::array<char, 65536> buffer;
    while (!film.ended()) {
        auto const got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            log(LogLevel::error, "the recording ended before its end");
            return 1;
        }
        if (auto const taken = take({buffer.data(), static_cast<std::size_t>(got)}); !taken) {
            log(LogLevel::error, taken.error().what);
            return 1;
        }
    }
    return 0;
}

} // namespace

int main()
{
    ecluse::set_log_name("ecluse-film");
    try {
        return serve();
    } catch (std::exception const& fault) {
        ecluse::log(ecluse::LogLevel::error, fault.what());
        return 1;
    }
}
