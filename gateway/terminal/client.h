#pragma once

#include "common/fd.h"
#include "common/result.h"
#include "gateway/ssh/handle.h"
#include "gateway/terminal/orders.h"
#include "gateway/terminal/page_frames.h"

#include <string>
#include <string_view>

namespace ecluse::terminal {

/// An SSH client on a socket whose other end is a worker of the SSH door. One shell with a
/// terminal; no other request exists here.
class Client {
public:
    explicit Client(Fd socket) : socket_{std::move(socket)} {}
    Client(Client const&) = delete;
    Client& operator=(Client const&) = delete;

    /// Key exchange, host key, both steps of the login. Waits for the worker, each step for
    /// seconds.
    Result<> log_in(Orders const& orders);
    Result<> open_shell(Resized size);

    [[nodiscard]] int fd() const { return socket_.get(); }
    /// What came, at most `output_bytes_max`; "" when there is nothing now.
    [[nodiscard]] Result<std::string> read();
    /// The session wrote its last byte.
    [[nodiscard]] bool is_over();
    /// Bytes still to go out: wait for the socket to take them.
    [[nodiscard]] bool has_unsent() const;
    void flush();
    /// How many of these bytes were taken.
    [[nodiscard]] Result<std::size_t> write(std::string_view bytes);
    void resize(Resized size);
    void leave();

private:
    struct FreeChannel {
        void operator()(ssh_channel_struct* channel) const { ssh_channel_free(channel); }
    };

    Result<> connect();
    Result<> check_host_key(std::vector<std::string> const& expected);
    Result<> authenticate(Secret const& word);
    [[nodiscard]] Error failure(std::string const& what) const;

    Fd socket_;
    ssh::SessionHandle session_;
    std::unique_ptr<ssh_channel_struct, FreeChannel> channel_;
};

} // namespace ecluse::terminal
