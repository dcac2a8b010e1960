#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace ecluse::ssh {

/// SHA-256 of a stream that never exists as a whole.
class StreamHash {
public:
    StreamHash();
    StreamHash(StreamHash&&) noexcept = default;
    StreamHash& operator=(StreamHash&&) noexcept = default;
    ~StreamHash();

    void update(std::string_view bytes);
    /// Hexadecimal. Nothing may follow.
    [[nodiscard]] std::string finish();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

} // namespace ecluse::ssh
