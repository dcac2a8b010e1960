#include "gateway/rdp/channels/reassembler.h"

#include <algorithm>

namespace ecluse::rdp {

Reassembler::Step Reassembler::add(std::string_view chunk, std::uint32_t flags, std::uint32_t total)
{
    if (broken_) return Step::fault;
    // Sent to a client while its session is being looked at; carries nothing.
    if ((flags & (chunk_suspend | chunk_resume)) != 0 && chunk.empty()) return Step::ignored;
    broken_ = true; // until proven otherwise: a fault is final
    if ((flags & chunk_compressed) != 0) return Step::fault;
    bool const first = (flags & chunk_first) != 0;
    bool const last = (flags & chunk_last) != 0;
    if (first == under_way_) return Step::fault;
    if (first) {
        total_ = total;
        received_ = 0;
        bytes_.clear();
        // A long message must not keep its memory for the whole session.
        if (bytes_.capacity() > 1U << 20) bytes_.shrink_to_fit();
        if (total == 0 || (total > kept_max_ && !may_cut_)) return Step::fault;
    }
    if (chunk.empty() || total != total_ || chunk.size() > total_ - received_) return Step::fault;
    received_ += chunk.size();
    if (last != (received_ == total_)) return Step::fault;
    if (bytes_.size() < kept_max_) bytes_.append(chunk.substr(0, kept_max_ - bytes_.size()));
    broken_ = false;
    under_way_ = !last;
    return last ? Step::whole : Step::more;
}

} // namespace ecluse::rdp
