#include "gateway/rdp/channels/sound_rules.h"

#include "gateway/rdp/channels/wire.h"

namespace ecluse::rdp {
namespace {

constexpr std::uint8_t wave_info = 2;
constexpr std::uint8_t type_max = 13; // SNDC_WAVE2
constexpr std::size_t wave_info_bytes = 16;
constexpr std::uint16_t wave_info_rest = 8;

} // namespace

Outcome SoundRules::on_message(Message const& message)
{
    Outcome out;
    bool const from_target = message.direction == Direction::to_vendor;
    if (from_target && wave_bytes_ > 0) {
        if (message.size != wave_bytes_) out.fault = "sound: wave";
        wave_bytes_ = 0;
    } else {
        WireReader reader{message.bytes};
        auto const type = reader.u8();
        reader.take(1);
        auto const body = reader.u16();
        if (!reader.good() || type == 0 || type > type_max) out.fault = "sound: head";
        if (from_target && type == wave_info) {
            if (message.size != wave_info_bytes || body <= wave_info_rest)
                out.fault = "sound: wave info";
            else
                wave_bytes_ = body - std::uint32_t{wave_info_rest};
        }
    }
    if (!out.fault.empty()) return out;
    bytes_ += message.size;
    out.send(message.direction, std::string{message.bytes});
    return out;
}

} // namespace ecluse::rdp
