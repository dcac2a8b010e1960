// Stands in for libFuzzer: every file of one corpus folder goes through the fuzz function once.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fputs("usage: fuzz_NAME CORPUS_FOLDER\n", stderr);
        return 2;
    }
    int files = 0;
    std::error_code error;
    for (auto const& entry : std::filesystem::directory_iterator{argv[1], error}) {
        std::ifstream file{entry.path(), std::ios::binary};
        std::string const bytes{std::istreambuf_iterator<char>{file}, {}};
        if (!file.good() && !file.eof()) {
            std::fprintf(stderr, "cannot read %s\n", entry.path().c_str());
            return 1;
        }
        // Printed before the call: after an abort the last line names the culprit.
        std::printf("%s\n", entry.path().filename().c_str());
        std::fflush(stdout);
        LLVMFuzzerTestOneInput(reinterpret_cast<std::uint8_t const*>(bytes.data()), bytes.size());
        ++files;
    }
    if (error || files == 0) {
        std::fprintf(stderr, "no corpus in %s\n", argv[1]);
        return 1;
    }
    return 0;
}
