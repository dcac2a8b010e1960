#pragma once

#include "policies/report/form.h"

#include <string>
#include <vector>

/// A plausible intervention, and the real ecluse-report at work.
namespace ecluse::report {

[[nodiscard]] Facts some_facts();
[[nodiscard]] Form some_form();
/// The facts once the technician signed them.
[[nodiscard]] Facts signed_facts();

struct Evidence {
    std::string certificate, key; // PEM, ECDSA P-256, self-signed
};
[[nodiscard]] Evidence make_evidence();

struct Rendered {
    bool ok = false;
    std::string answer; // the JSON of the last packet
    std::string pdf;
    int exit = -1;
};
struct RenderInput {
    std::string facts;
    std::string form = {}; // empty: no form descriptor
    std::string language = "fr";
    bool seal = true;
    bool refuse_to_sign = false;
};
/// Starts the program, signs what it asks to have signed, and waits for its end.
[[nodiscard]] Rendered render(RenderInput const& input, Evidence const& evidence);

/// What a command prints (standard output and error together), and its exit status.
struct Said {
    int exit;
    std::string out;
};
[[nodiscard]] Said run(std::vector<std::string> const& command);

/// A folder of its own, removed with the object.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(Folder const&) = delete;
    Folder& operator=(Folder const&) = delete;
    [[nodiscard]] std::string const& path() const { return path_; }
    /// Writes a file there and returns its path.
    std::string put(std::string const& name, std::string const& bytes) const;

private:
    std::string path_;
};

} // namespace ecluse::report
