#include "policies/policyd/operator_objects.h"

#include "common/json.h"
#include "common/packet.h"

namespace ecluse::policyd {

Fault rule_fault(ecluse::Fault fault)
{
    return {std::string{code(fault)}, reason(fault), {}, action(fault)};
}

Reply rows_reply(json::array rows, bool more)
{
    json::object list{{"rows", std::move(rows)}, {"more", more}};
    auto const text = json::serialize(list);
    // Room for the envelope.
    if (text.size() < packet_bytes_max - 1024) return list;
    std::vector<Fd> files;
    files.push_back(ECLUSE_TRY(memory_file("rows", text)));
    return Reply{json::object{{"document", true}}, std::move(files)};
}

} // namespace ecluse::policyd
