#pragma once

#include "common/result.h"

#include <cstdlib>
#include <filesystem>
#include <string>

namespace ecluse {

/// A folder of one test, removed with all that is in it.
class TempFolder {
public:
    TempFolder()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "ecluse-XXXXXX").string();
        ECLUSE_ASSERT(mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    TempFolder(TempFolder const&) = delete;
    TempFolder& operator=(TempFolder const&) = delete;
    ~TempFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] std::string const& path() const { return path_; }
    [[nodiscard]] std::string operator/(std::string const& name) const
    {
        return path_ + "/" + name;
    }

private:
    std::string path_;
};

} // namespace ecluse
