#include "recorder/format/chain.h"
#include "recorder/format/header.h"
#include "recorder/format/seal.h"

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace ecluse;
using namespace ecluse::recording;

namespace {

void read_chain(std::string_view text, std::string const& header_sha256)
{
    ChainReader reader{text, header_sha256};
    std::string previous = header_sha256;
    for (;;) {
        auto const line = reader.next();
        if (!line || !*line) return;
        // An accepted line has one spelling, and its link is the one that follows from the last.
        auto const words =
            (*line)->segment ? to_words(*(*line)->segment) : to_words(*(*line)->checkpoint);
        if (link_after(previous, words) != (*line)->link) std::abort();
        if (text.substr((*line)->offset, (*line)->bytes) != words + " " + (*line)->link + "\n")
            std::abort();
        previous = (*line)->link;
    }
}

} // namespace

/// What a hostile folder may hold in its text files. The first byte chooses the file.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    if (size == 0) return 0;
    std::string_view const bytes{reinterpret_cast<char const*>(data) + 1, size - 1};
    switch (data[0] % 3) {
    case 0:
        read_chain(bytes, std::string(64, '0'));
        break;
    case 1:
        if (auto const seal = parse_seal(bytes))
            if (to_bytes(*seal) != bytes) std::abort();
        break;
    default:
        if (auto const header = parse_header(bytes))
            if (!is_session_id(header->session) || header->recipients.empty()) std::abort();
        break;
    }
    return 0;
}
