#include "recorder/search/source.h"

#include "common/bytes.h"
#include "recorder/format/seal.h"
#include "recorder/format/segment.h"
#include "recorder/text/session_text.h"

namespace ecluse::recording {

Result<FoundText> find_text(Recording const& recording, ContentKey const& key)
{
    auto const& files = recording.files();
    auto const seal = ECLUSE_TRY(parse_seal(ECLUSE_TRY(files.read("seal.json", seal_bytes_max))));
    auto const header = ECLUSE_TRY(files.read("header.json", header_bytes_max));
    auto const& session = recording.header().session;
    if (seal.session != session || seal.header_sha256 != to_hex(sha256(header)))
        return Error{Errc::corrupt, "search: the seal is another recording's"};
    if (seal.text) {
        auto const der = ECLUSE_TRY(files.read("text.bin", text_der_max));
        if (der.size() != seal.text->bytes || to_hex(sha256(der)) != seal.text->sha256)
            return Error{Errc::corrupt, "search: not the text that was sealed"};
        return FoundText{ECLUSE_TRY(open_text(key, session, der)), false};
    }
    SessionText text;
    ECLUSE_TRY(recording.for_each_frame(key, [&text](FrameView const& frame) -> Result<bool> {
        text.feed(frame);
        return !text.is_cut();
    }));
    return FoundText{text.finish(), true};
}

} // namespace ecluse::recording
