#include "common/log.h"
#include "common/sandbox.h"
#include "gateway/ssh/session.h"

#include <openssl/crypto.h>

#include <exception>
#include <fcntl.h>
#include <unistd.h>

namespace {

/// Where the listener puts what this process is for (docs/requests.md §2).
constexpr int vendor_descriptor = 3;
constexpr int policy_descriptor = 4;

int serve()
{
    using namespace ecluse;
    for (int const fd : {vendor_descriptor, policy_descriptor}) {
        if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
            log(LogLevel::error, "started without its descriptors");
            return 2;
        }
    }
    // What libraries read from files they read now; the vendor's first byte comes after. OpenSSL's
    // configuration would only concern TLS, and it and the error texts cost memory in every worker.
    if (OPENSSL_init_crypto(
            OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS, nullptr
        ) != 1 ||
        ssh_init() != SSH_OK)
        return 2;
    auto const confined = confine(ProcessRole::ssh_worker);
    if (!confined) {
        log(LogLevel::error, confined.error().what);
        return 2;
    }
    log(LogLevel::debug, confined->describe());
    auto policy = ssh::PolicyLink::open(Fd{policy_descriptor});
    if (!policy) {
        log(LogLevel::error, policy.error().what);
        return 1;
    }
    auto hello = policy->hello();
    if (!hello) {
        log(LogLevel::error, hello.error().what);
        return 1;
    }
    ssh::Session session{Fd{vendor_descriptor}, std::move(*policy), std::move(*hello)};
    return session.run();
}

} // namespace

int main()
{
    ecluse::set_log_name("ecluse-ssh-worker");
    try {
        return serve();
    } catch (std::exception const& fault) {
        ecluse::log(ecluse::LogLevel::error, fault.what());
        return 1;
    }
}
