#include "gateway/rdp/events.h"

#include "common/json.h"
#include "gateway/rdp/keyboard/key.h"

#include <fmt/format.h>

namespace ecluse::rdp {

std::string to_event(TargetConnected const& event)
{
    return json::serialize(json::object{
        {"type", "target_connected"},
        {"fingerprint", event.fingerprint},
        {"security", event.nla ? "nla" : "tls"},
        {"width", event.width},
        {"height", event.height}});
}

std::string desktop_event(unsigned width, unsigned height)
{
    return json::serialize(json::object{{"type", "desktop"}, {"width", width}, {"height", height}});
}

std::string drawing_event(feed::Kind kind)
{
    auto const* const way = kind == feed::Kind::bitmaps   ? "bitmaps"
                            : kind == feed::Kind::surface ? "surfaces"
                                                          : "pipeline";
    return json::serialize(json::object{{"type", "drawing"}, {"drawn", way}});
}

std::string keyboard_event(std::uint32_t layout, std::string_view name)
{
    return json::serialize(json::object{
        {"type", "keyboard"}, {"layout", fmt::format("{:08x}", layout)}, {"name", name}});
}

std::string click_event(std::string_view button, unsigned x, unsigned y)
{
    return json::serialize(json::object{{"type", "click"}, {"button", button}, {"x", x}, {"y", y}});
}

std::string shown_event(std::string_view text)
{
    return json::serialize(json::object{{"type", "shown"}, {"text", text}});
}

std::string key_payload(TypedKey const& key)
{
    json::object payload{
        {"scan", key.stroke.code}, {"extended", key.stroke.extended}, {"down", key.stroke.down}};
    if (!key.text.empty()) payload["text"] = key.text;
    if (!key.name.empty()) payload["name"] = key.name;
    return json::serialize(payload);
}

} // namespace ecluse::rdp
