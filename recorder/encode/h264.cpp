#include "recorder/encode/h264.h"

#include "common/log.h"

#include <cstdio>
#include <cstdlib>

extern "C" {
#include <x264.h>
}

namespace ecluse::encode {
namespace {

/// Small text stays sharp (luma above 40 dB, 44 on average): with trellis 30 is as good as 28
/// without, for a tenth less.
constexpr int quantiser = 30;
/// What was shown a moment ago comes back (a cursor that blinks, a menu that closes, a line that is
/// taken back): with three pictures to look in it weighs a tenth less than with one.
constexpr int pictures_looked_in = 3;
/// A listing that rolls by is found as motion, several lines at once, up and down (half the range)
/// and not only from where the neighbours went: that makes its pictures three times smaller.
constexpr int motion_range = 128;
constexpr std::size_t length_bytes = 4;

void log_line(void*, int, char const* format, va_list arguments)
{
    char line[256];
    (void)std::vsnprintf(line, sizeof line, format, arguments);
    log(LogLevel::warning, std::string{"x264: "} + line);
}

Result<x264_param_t> parameters(int width, int height)
{
    x264_param_t given;
    if (::x264_param_default_preset(&given, "veryfast", "zerolatency") != 0)
        return Error{Errc::unavailable, "x264: no such preset"};
    given.pf_log = &log_line;
    given.i_log_level = X264_LOG_WARNING;
    given.i_width = width;
    given.i_height = height;
    given.i_csp = X264_CSP_NV12;
    given.i_threads = 1;
    given.i_lookahead_threads = 1;
    given.b_sliced_threads = 0;
    // Each sample stands at its own time in the container; x264 would hold a picture back to learn
    // how long it lasts.
    given.b_vfr_input = 0;
    given.b_annexb = 0;
    given.b_repeat_headers = 0;
    given.i_keyint_max = X264_KEYINT_MAX_INFINITE;
    given.i_scenecut_threshold = 0;
    given.i_bframe = 0;
    given.i_frame_reference = pictures_looked_in;
    // Without lookahead, adaptive quantisers or weights x264 keeps no small copies of the pictures.
    given.rc.i_rc_method = X264_RC_CQP;
    given.rc.i_qp_constant = quantiser;
    given.rc.i_aq_mode = X264_AQ_NONE;
    given.rc.b_mb_tree = 0;
    given.rc.i_lookahead = 0;
    given.rc.f_ip_factor = 1.0F;
    given.analyse.i_weighted_pred = X264_WEIGHTP_NONE;
    // Desktops move by whole pixels: no half-pixel planes to compute and keep.
    given.analyse.i_subpel_refine = 0;
    given.analyse.i_me_method = X264_ME_UMH;
    given.analyse.i_me_range = motion_range;
    given.analyse.b_mb_info = 1;
    given.analyse.i_trellis = 1;
    given.b_deblocking_filter = 0;
    given.vui.b_fullrange = 0;
    given.vui.i_colorprim = 1;
    given.vui.i_transfer = 1;
    given.vui.i_colmatrix = 1;
    if (::x264_param_apply_profile(&given, "high") != 0)
        return Error{Errc::unavailable, "x264: no high profile"};
    return given;
}

} // namespace

struct H264::State {
    x264_t* encoder = nullptr;
    std::vector<std::uint8_t> constant;
    ~State()
    {
        if (encoder) ::x264_encoder_close(encoder);
    }
};

H264::H264(std::unique_ptr<State> state) : state_{std::move(state)} {}
H264::~H264() = default;
H264::H264(H264&&) noexcept = default;
H264& H264::operator=(H264&&) noexcept = default;

Result<H264> H264::open(int width, int height)
{
    auto given = ECLUSE_TRY(parameters(width, height));
    auto state = std::make_unique<State>();
    state->encoder = ::x264_encoder_open(&given);
    if (!state->encoder) return Error{Errc::unavailable, "x264: cannot open"};
    x264_nal_t* units = nullptr;
    int count = 0;
    if (::x264_encoder_headers(state->encoder, &units, &count) < 0)
        return Error{Errc::unavailable, "x264: no headers"};
    H264 made{std::move(state)};
    for (int i = 0; i < count; ++i) {
        auto const size = static_cast<std::size_t>(units[i].i_payload);
        if (size <= length_bytes) continue;
        std::string unit{reinterpret_cast<char const*>(units[i].p_payload), size};
        unit.erase(0, length_bytes);
        if (units[i].i_type == NAL_SPS) made.sequence_parameters_ = std::move(unit);
        if (units[i].i_type == NAL_PPS) made.picture_parameters_ = std::move(unit);
    }
    if (made.sequence_parameters_.size() < 4 || made.picture_parameters_.empty())
        return Error{Errc::unavailable, "x264: no parameters"};
    return made;
}

Result<H264::Picture>
H264::encode(Planes& planes, ChangedTiles const& changed, std::uint64_t at_ms, bool key)
{
    auto const tiles = changed.tiles();
    state_->constant.resize(tiles.size());
    for (std::size_t i = 0; i < tiles.size(); ++i)
        state_->constant[i] = tiles[i] ? 0 : X264_MBINFO_CONSTANT;
    x264_picture_t picture;
    ::x264_picture_init(&picture);
    picture.i_type = key ? X264_TYPE_IDR : X264_TYPE_P;
    picture.i_pts = static_cast<std::int64_t>(at_ms);
    picture.img.i_csp = X264_CSP_NV12;
    picture.img.i_plane = 2;
    picture.img.i_stride[0] = picture.img.i_stride[1] = planes.width();
    picture.img.plane[0] = planes.luma();
    picture.img.plane[1] = planes.chroma();
    picture.prop.mb_info = state_->constant.data();
    x264_picture_t out;
    x264_nal_t* units = nullptr;
    int count = 0;
    auto const bytes = ::x264_encoder_encode(state_->encoder, &units, &count, &picture, &out);
    // Without delay every picture gives one.
    if (bytes <= 0 || count <= 0) return Error{Errc::unavailable, "x264: no picture"};
    return Picture{
        {reinterpret_cast<char const*>(units[0].p_payload), static_cast<std::size_t>(bytes)},
        out.b_keyframe != 0};
}

} // namespace ecluse::encode
