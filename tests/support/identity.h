#pragma once

#include <string>
#include <string_view>

/// Folders, certificates and keys for tests.
namespace ecluse::test {

/// A folder that is gone when the test ends.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(TemporaryFolder const&) = delete;
    TemporaryFolder& operator=(TemporaryFolder const&) = delete;
    [[nodiscard]] std::string const& path() const { return path_; }

private:
    std::string path_;
};

/// A self-signed certificate and its key, PEM; made once per kind and program.
struct TestIdentity {
    std::string certificate;
    std::string key;
};
enum class KeyKind { rsa3072, rsa2048, p384, p256 };
[[nodiscard]] TestIdentity const& identity(KeyKind kind, int number = 0);
/// Signs like policyd's evidence key.
[[nodiscard]] std::string sign_with(TestIdentity const& who, std::string_view message);

struct Ran {
    /// As a shell gives it.
    int status;
    /// Standard output and error together.
    std::string output;
};
/// Runs a command line with /bin/sh.
[[nodiscard]] Ran run_shell(std::string const& command);

} // namespace ecluse::test
