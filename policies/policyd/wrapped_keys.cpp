#include "policies/policyd/wrapped_keys.h"

#include "common/bytes.h"
#include "common/json.h"

namespace ecluse::policyd {
namespace {

constexpr std::size_t wrapped_key_max = 64 * 1024;

} // namespace

Result<json::array> wrapped_keys(RecorderLink::Opened& opened)
{
    json::array keys;
    for (std::size_t i = 0; i < opened.names.size(); ++i) {
        if (!opened.names[i].starts_with("key-")) continue;
        keys.push_back(json::object{
            {"name", opened.names[i]},
            {"cms", to_base64(ECLUSE_TRY(read_all(opened.files[i].get(), wrapped_key_max)))}});
    }
    return keys;
}

} // namespace ecluse::policyd
