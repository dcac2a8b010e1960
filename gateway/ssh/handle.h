#pragma once

#include <libssh/libssh.h>
#include <libssh/server.h>

#include <memory>

/// Owners for libssh's handles. Only .cpp files and private headers of the worker include this.
namespace ecluse::ssh {

struct Free {
    void operator()(ssh_session_struct* session) const { ssh_free(session); }
    void operator()(ssh_bind_struct* bind) const { ssh_bind_free(bind); }
    void operator()(ssh_key_struct* key) const { ssh_key_free(key); }
    void operator()(ssh_event_struct* event) const { ssh_event_free(event); }
    void operator()(ssh_string_struct* text) const { ssh_string_free(text); }
};

using SessionHandle = std::unique_ptr<ssh_session_struct, Free>;
using BindHandle = std::unique_ptr<ssh_bind_struct, Free>;
using KeyHandle = std::unique_ptr<ssh_key_struct, Free>;
using EventHandle = std::unique_ptr<ssh_event_struct, Free>;
using StringHandle = std::unique_ptr<ssh_string_struct, Free>;

} // namespace ecluse::ssh
