#include "recorder/encode/decoder.h"

#include "recorder/encode/graphics_pipeline.h"

#include <algorithm>
#include <cstdlib>
#include <freerdp/codec/color.h>
#include <freerdp/codec/interleaved.h>
#include <freerdp/codec/nsc.h>
#include <freerdp/codec/planar.h>
#include <freerdp/codec/region.h>
#include <freerdp/codec/rfx.h>
#include <freerdp/codecs.h>
#include <freerdp/constants.h>
#include <freerdp/freerdp.h>
#include <freerdp/primitives.h>
#include <new>
#include <vector>
#include <winpr/wlog.h>

namespace ecluse::encode {
namespace {

constexpr UINT32 picture_format = PIXEL_FORMAT_BGRX32;
constexpr std::uint16_t compressed_flag = 0x0001;
/// Rectangles of legacy updates are at most 64 x 64 in practice; the protocol allows whole screens.
constexpr std::size_t rectangle_pixels_max = desktop_pixels_max;

struct Free {
    void operator()(BITMAP_PLANAR_CONTEXT* c) const { ::freerdp_bitmap_planar_context_free(c); }
    void operator()(BITMAP_INTERLEAVED_CONTEXT* c) const { ::bitmap_interleaved_context_free(c); }
    void operator()(RFX_CONTEXT* c) const { ::rfx_context_free(c); }
    void operator()(NSC_CONTEXT* c) const { ::nsc_context_free(c); }
};
template <class Context> using Owned = std::unique_ptr<Context, Free>;

struct Region {
    Region() { ::region16_init(&value); }
    ~Region() { ::region16_uninit(&value); }
    Region(Region const&) = delete;
    Region& operator=(Region const&) = delete;
    REGION16 value{};
};

Error refused(char const* what)
{
    return {Errc::malformed, std::string{"decode: "} + what};
}

/// The feed carries no palettes: sessions run at 32 bits, and what still comes with 8 shows its
/// shapes in these colours (3 bits red, 3 green, 2 blue).
gdiPalette plain_palette()
{
    gdiPalette palette{};
    palette.format = picture_format;
    for (unsigned i = 0; i < 256; ++i) {
        auto const level = [&](unsigned shift, unsigned bits) {
            auto const most = (1U << bits) - 1;
            return static_cast<BYTE>((i >> shift & most) * 255 / most);
        };
        palette.palette[i] =
            ::FreeRDPGetColor(picture_format, level(5, 3), level(2, 3), level(0, 2), 0xFF);
    }
    return palette;
}

UINT32 wire_format(unsigned bits)
{
    switch (bits) {
    case 32:
        return PIXEL_FORMAT_BGRX32;
    case 24:
        return PIXEL_FORMAT_BGR24;
    case 16:
        return PIXEL_FORMAT_RGB16;
    case 15:
        return PIXEL_FORMAT_RGB15;
    case 8:
        return PIXEL_FORMAT_RGB8;
    default:
        return 0;
    }
}

BYTE const* bytes_of(std::string_view text)
{
    return reinterpret_cast<BYTE const*>(text.data());
}

} // namespace

void prepare_libraries()
{
    (void)::WLog_SetLogLevel(::WLog_GetRoot(), WLOG_OFF);
    (void)::primitives_get();
    // Without one FreeRDP makes no context, though nothing is read or written there.
    (void)::setenv("HOME", "/", 1);
    // A clock without a zone looks for its file at every turn: two thousand times for one pipeline.
    (void)::setenv("TZ", "UTC0", 1);
}

/// Each is made when the first frame of its kind comes: most sessions need one of them.
struct Decoder::Codecs {
    Owned<BITMAP_PLANAR_CONTEXT> planar;
    UINT32 planar_width = 0;
    UINT32 planar_height = 0;
    Owned<BITMAP_INTERLEAVED_CONTEXT> interleaved;
    Owned<RFX_CONTEXT> rfx;
    Owned<NSC_CONTEXT> nsc;
    std::unique_ptr<GraphicsPipeline> pipeline;
    gdiPalette palette = plain_palette();
    std::vector<std::uint8_t> rectangle;

    Result<> decode(feed::Bitmap const& bitmap);
    Result<> decode_planar(feed::Bitmap const& bitmap);
    Result<> decode_interleaved(feed::Bitmap const& bitmap);
    Result<> copy(feed::Bitmap const& bitmap);
    Result<> remote_fx(feed::Surface const& surface, Picture& picture);
    Result<> ns_codec(feed::Surface const& surface, Picture& picture);
    Result<> plain(feed::Surface const& surface, Picture& picture);
};

Result<> Decoder::Codecs::decode_planar(feed::Bitmap const& bitmap)
{
    if (!planar) {
        planar_width = planar_height = 64;
        planar.reset(::freerdp_bitmap_planar_context_new(0, planar_width, planar_height));
        if (!planar) return Error{Errc::unavailable, "decode: no planar codec"};
        // What FreeRDP's own client does by default.
        ::freerdp_planar_switch_bgr(planar.get(), TRUE);
    }
    if (bitmap.width > planar_width || bitmap.height > planar_height) {
        planar_width = std::max<UINT32>(planar_width, bitmap.width);
        planar_height = std::max<UINT32>(planar_height, bitmap.height);
        if (!::freerdp_bitmap_planar_context_reset(planar.get(), planar_width, planar_height))
            return Error{Errc::unavailable, "decode: no planar codec of that size"};
    }
    if (!::planar_decompress(
            planar.get(),
            bytes_of(bitmap.bytes),
            static_cast<UINT32>(bitmap.bytes.size()),
            bitmap.width,
            bitmap.height,
            rectangle.data(),
            picture_format,
            0,
            0,
            0,
            bitmap.width,
            bitmap.height,
            TRUE
        ))
        return refused("planar");
    return {};
}

Result<> Decoder::Codecs::decode_interleaved(feed::Bitmap const& bitmap)
{
    if (!interleaved) interleaved.reset(::bitmap_interleaved_context_new(FALSE));
    if (!interleaved) return Error{Errc::unavailable, "decode: no interleaved codec"};
    if (!::interleaved_decompress(
            interleaved.get(),
            bytes_of(bitmap.bytes),
            static_cast<UINT32>(bitmap.bytes.size()),
            bitmap.width,
            bitmap.height,
            bitmap.bits_per_pixel,
            rectangle.data(),
            picture_format,
            0,
            0,
            0,
            bitmap.width,
            bitmap.height,
            &palette
        ))
        return refused("interleaved");
    return {};
}

Result<> Decoder::Codecs::copy(feed::Bitmap const& bitmap)
{
    auto const format = wire_format(bitmap.bits_per_pixel);
    if (bitmap.bytes.size() <
        std::size_t{bitmap.width} * bitmap.height * ::FreeRDPGetBytesPerPixel(format))
        return refused("fewer pixels than said");
    if (!::freerdp_image_copy_no_overlap(
            rectangle.data(),
            picture_format,
            0,
            0,
            0,
            bitmap.width,
            bitmap.height,
            bytes_of(bitmap.bytes),
            format,
            0,
            0,
            0,
            &palette,
            FREERDP_FLIP_VERTICAL
        ))
        return refused("plain bitmap");
    return {};
}

Result<> Decoder::Codecs::decode(feed::Bitmap const& bitmap)
{
    auto const pixels = std::size_t{bitmap.width} * bitmap.height;
    if (pixels > rectangle_pixels_max) return refused("a rectangle larger than any desktop");
    if (bitmap.bytes.empty()) return refused("an empty rectangle");
    if (wire_format(bitmap.bits_per_pixel) == 0) return refused("that many bits");
    if (rectangle.size() < pixels * 4) rectangle.resize(pixels * 4);
    if ((bitmap.flags & compressed_flag) == 0) return copy(bitmap);
    return bitmap.bits_per_pixel == 32 ? decode_planar(bitmap) : decode_interleaved(bitmap);
}

Result<> Decoder::Codecs::remote_fx(feed::Surface const& surface, Picture& picture)
{
    if (!rfx) rfx.reset(::rfx_context_new_ex(FALSE, THREADING_FLAGS_DISABLE_THREADS));
    if (!rfx) return Error{Errc::unavailable, "decode: no RemoteFX"};
    Region region;
    auto const done = ::rfx_process_message(
        rfx.get(),
        bytes_of(surface.bytes),
        static_cast<UINT32>(surface.bytes.size()),
        surface.left,
        surface.top,
        picture.pixels(),
        picture_format,
        static_cast<UINT32>(picture.stride()),
        static_cast<UINT32>(picture.height()),
        &region.value
    );
    if (!done) return refused("RemoteFX");
    UINT32 count = 0;
    auto const* const boxes = ::region16_rects(&region.value, &count);
    for (UINT32 i = 0; i < count; ++i)
        picture.changed().mark({boxes[i].left, boxes[i].top, boxes[i].right, boxes[i].bottom});
    return {};
}

Result<> Decoder::Codecs::ns_codec(feed::Surface const& surface, Picture& picture)
{
    if (!nsc) nsc.reset(::nsc_context_new());
    if (!nsc) return Error{Errc::unavailable, "decode: no NSCodec"};
    if (!::nsc_process_message(
            nsc.get(),
            surface.bits_per_pixel,
            surface.width,
            surface.height,
            bytes_of(surface.bytes),
            static_cast<UINT32>(surface.bytes.size()),
            picture.pixels(),
            picture_format,
            static_cast<UINT32>(picture.stride()),
            surface.left,
            surface.top,
            surface.width,
            surface.height,
            FREERDP_FLIP_VERTICAL
        ))
        return refused("NSCodec");
    return {};
}

Result<> Decoder::Codecs::plain(feed::Surface const& surface, Picture& picture)
{
    auto const format = wire_format(surface.bits_per_pixel);
    if (format == 0) return refused("that many bits");
    if (surface.bytes.size() <
        std::size_t{surface.width} * surface.height * ::FreeRDPGetBytesPerPixel(format))
        return refused("fewer pixels than said");
    if (!::freerdp_image_copy_no_overlap(
            picture.pixels(),
            picture_format,
            static_cast<UINT32>(picture.stride()),
            surface.left,
            surface.top,
            surface.width,
            surface.height,
            bytes_of(surface.bytes),
            format,
            0,
            0,
            0,
            &palette,
            FREERDP_FLIP_VERTICAL
        ))
        return refused("plain surface");
    return {};
}

Decoder::Decoder() : codecs_{std::make_unique<Codecs>()} {}

Decoder::~Decoder() = default;

Result<> Decoder::resize(feed::DesktopSize size)
{
    if (size.width == picture_.width() && size.height == picture_.height()) return {};
    if (std::size_t{size.width} * size.height > desktop_pixels_max)
        return Error{Errc::too_large, "decode: a desktop beyond 4096 x 2304"};
    codecs_->pipeline.reset();
    // Codecs keep their size: a new desktop begins with fresh ones.
    codecs_->rfx.reset();
    codecs_->nsc.reset();
    picture_ = Picture{size.width, size.height};
    return {};
}

Result<> Decoder::draw_bitmaps(std::string_view payload)
{
    for (auto const& bitmap : ECLUSE_TRY(feed::parse_bitmaps(payload))) {
        ECLUSE_TRY(codecs_->decode(bitmap));
        picture_.paint(
            codecs_->rectangle.data(),
            bitmap.width,
            bitmap.height,
            {bitmap.left, bitmap.top, bitmap.right + 1, bitmap.bottom + 1}
        );
    }
    return {};
}

Result<> Decoder::draw_surface(std::string_view payload)
{
    auto const surface = ECLUSE_TRY(feed::parse_surface(payload));
    if (surface.bytes.empty()) return refused("an empty surface");
    // The codecs write straight into the picture.
    if (surface.left >= picture_.width() || surface.top >= picture_.height())
        return refused("a surface outside the desktop");
    if (surface.codec == RDP_CODEC_ID_REMOTEFX || surface.codec == RDP_CODEC_ID_IMAGE_REMOTEFX)
        return codecs_->remote_fx(surface, picture_);
    if (surface.left + surface.width > picture_.width() ||
        surface.top + surface.height > picture_.height())
        return refused("a surface beyond the desktop");
    if (surface.codec == RDP_CODEC_ID_NSCODEC)
        ECLUSE_TRY(codecs_->ns_codec(surface, picture_));
    else if (surface.codec == RDP_CODEC_ID_NONE)
        ECLUSE_TRY(codecs_->plain(surface, picture_));
    else
        return refused("that codec");
    picture_.changed().mark(
        {surface.left, surface.top, surface.left + surface.width, surface.top + surface.height}
    );
    return {};
}

Result<> Decoder::draw_graphics_message(std::string_view payload)
{
    if (picture_.width() == 0) return refused("graphics before the desktop");
    if (!codecs_->pipeline) codecs_->pipeline = ECLUSE_TRY(GraphicsPipeline::open(picture_));
    return codecs_->pipeline->feed(payload);
}

} // namespace ecluse::encode
