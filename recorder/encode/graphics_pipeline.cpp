#include "recorder/encode/graphics_pipeline.h"

#include <freerdp/channels/rdpgfx.h>
#include <freerdp/client/channels.h>
#include <freerdp/client/rdpgfx.h>
#include <freerdp/codecs.h>
#include <freerdp/constants.h>
#include <freerdp/dvc.h>
#include <freerdp/freerdp.h>
#include <freerdp/gdi/gdi.h>
#include <freerdp/gdi/gfx.h>
#include <freerdp/settings.h>
#include <freerdp/update.h>
#include <winpr/stream.h>

namespace ecluse::encode {
namespace {

constexpr UINT32 picture_format = PIXEL_FORMAT_BGRX32;
/// The one channel of the one plug-in.
constexpr UINT32 channel_number = 1;

Error failed(char const* what)
{
    return {Errc::unavailable, std::string{"graphics pipeline: "} + what};
}

void keep_buffer(void*)
{
    // It is the Picture's.
}

} // namespace

struct GraphicsPipeline::State {
    /// FreeRDP allocates it, and hands it to its callbacks as an rdpContext.
    struct Context {
        rdpContext common;
        State* state;
    };
    /// FreeRDP's table of entry points, with its owner behind it.
    struct Entry {
        IDRDYNVC_ENTRY_POINTS table{};
        State* state = nullptr;
    };
    struct Manager {
        IWTSVirtualChannelManager table{};
        State* state = nullptr;
    };

    explicit State(Picture& shown) : picture{shown} {}
    ~State();
    State(State const&) = delete;
    State& operator=(State const&) = delete;

    Result<> open();
    Result<> open_context();
    Result<> open_channel();
    void follow_resize();
    void mark_changes();

    Picture& picture;
    freerdp* instance = nullptr;
    bool has_context = false;
    bool has_gdi = false;
    bool has_pipeline = false;
    bool cannot_resize = false;
    Entry entry;
    Manager manager;
    IWTSListener listener{};
    IWTSVirtualChannel channel{};
    IWTSPlugin* plugin = nullptr;
    IWTSListenerCallback* listener_callback = nullptr;
    IWTSVirtualChannelCallback* channel_callback = nullptr;

    rdpContext* context() const { return instance->context; }
    static State& of(rdpContext* context) { return *reinterpret_cast<Context*>(context)->state; }
    static State& of(IDRDYNVC_ENTRY_POINTS* table)
    {
        return *reinterpret_cast<Entry*>(table)->state;
    }
};

GraphicsPipeline::State::~State()
{
    // The plug-in frees its surfaces through the pipeline, so it goes first.
    if (channel_callback && channel_callback->OnClose) channel_callback->OnClose(channel_callback);
    if (has_pipeline)
        ::gdi_graphics_pipeline_uninit(
            context()->gdi, static_cast<RdpgfxClientContext*>(plugin->pInterface)
        );
    if (plugin && plugin->Terminated) plugin->Terminated(plugin);
    if (has_gdi) ::gdi_free(instance);
    if (has_context) {
        ::freerdp_client_codecs_free(context()->codecs);
        context()->codecs = nullptr;
        ::freerdp_context_free(instance);
    }
    if (instance) ::freerdp_free(instance);
}

Result<> GraphicsPipeline::State::open_context()
{
    instance = ::freerdp_new();
    if (!instance) return failed("no instance");
    instance->ContextSize = sizeof(Context);
    if (!::freerdp_context_new(instance)) return failed("no context");
    has_context = true;
    reinterpret_cast<Context*>(context())->state = this;
    auto* const settings = context()->settings;
    if (!::freerdp_settings_set_uint32(
            settings, FreeRDP_DesktopWidth, static_cast<UINT32>(picture.width())
        ) ||
        !::freerdp_settings_set_uint32(
            settings, FreeRDP_DesktopHeight, static_cast<UINT32>(picture.height())
        ) ||
        !::freerdp_settings_set_uint32(settings, FreeRDP_ColorDepth, 32) ||
        !::freerdp_settings_set_bool(settings, FreeRDP_DeactivateClientDecoding, FALSE) ||
        !::freerdp_settings_set_bool(settings, FreeRDP_GfxSmallCache, FALSE) ||
        !::freerdp_settings_set_uint32(
            settings, FreeRDP_ThreadingFlags, THREADING_FLAGS_DISABLE_THREADS
        ))
        return failed("settings");
    // A connection would have made them; the first reset of the graphics expects them.
    if (!context()->codecs)
        context()->codecs = ::freerdp_client_codecs_new(THREADING_FLAGS_DISABLE_THREADS);
    if (!context()->codecs) return failed("no codecs");
    if (!::gdi_init_ex(
            instance,
            picture_format,
            static_cast<UINT32>(picture.stride()),
            picture.pixels(),
            &keep_buffer
        ))
        return failed("no drawing");
    has_gdi = true;
    auto* const update = context()->update;
    update->BeginPaint = [](rdpContext*) -> BOOL { return TRUE; };
    update->EndPaint = [](rdpContext* of_update) -> BOOL {
        State::of(of_update).mark_changes();
        return TRUE;
    };
    update->DesktopResize = [](rdpContext* of_update) -> BOOL {
        State::of(of_update).follow_resize();
        return TRUE;
    };
    return {};
}

Result<> GraphicsPipeline::State::open_channel()
{
    entry.state = this;
    entry.table.RegisterPlugin = [](IDRDYNVC_ENTRY_POINTS* table, char const*, IWTSPlugin* made) {
        State::of(table).plugin = made;
        return UINT{CHANNEL_RC_OK};
    };
    entry.table.GetPlugin = [](IDRDYNVC_ENTRY_POINTS* table, char const*) {
        return State::of(table).plugin;
    };
    entry.table.GetPluginData = [](IDRDYNVC_ENTRY_POINTS*) -> ADDIN_ARGV const* { return nullptr; };
    entry.table.GetRdpSettings = [](IDRDYNVC_ENTRY_POINTS* table) {
        return State::of(table).context()->settings;
    };
    entry.table.GetRdpContext = [](IDRDYNVC_ENTRY_POINTS* table) {
        return State::of(table).context();
    };
    manager.state = this;
    manager.table.CreateListener = [](IWTSVirtualChannelManager* table,
                                      char const*,
                                      ULONG,
                                      IWTSListenerCallback* callback,
                                      IWTSListener** made) {
        auto& state = *reinterpret_cast<Manager*>(table)->state;
        state.listener_callback = callback;
        *made = &state.listener;
        return UINT{CHANNEL_RC_OK};
    };
    manager.table.DestroyListener = [](IWTSVirtualChannelManager*, IWTSListener*) {
        return UINT{CHANNEL_RC_OK};
    };
    manager.table.GetChannelId = [](IWTSVirtualChannel*) { return UINT32{channel_number}; };
    // What the plug-in would answer the target, the vendor's own client answers.
    channel.Write = [](IWTSVirtualChannel*, ULONG, BYTE const*, void*) {
        return UINT{CHANNEL_RC_OK};
    };
    channel.Close = [](IWTSVirtualChannel*) { return UINT{CHANNEL_RC_OK}; };

    auto const found = ::freerdp_channels_load_static_addin_entry(
        RDPGFX_CHANNEL_NAME, nullptr, nullptr, FREERDP_ADDIN_CHANNEL_DYNAMIC
    );
    auto const start = reinterpret_cast<PDVC_PLUGIN_ENTRY>(reinterpret_cast<void*>(found));
    if (!start || start(&entry.table) != CHANNEL_RC_OK || !plugin) return failed("no plug-in");
    if (plugin->Initialize(plugin, &manager.table) != CHANNEL_RC_OK || !listener_callback)
        return failed("no listener");
    BOOL accepted = TRUE;
    if (listener_callback->OnNewChannelConnection(
            listener_callback, &channel, nullptr, &accepted, &channel_callback
        ) != CHANNEL_RC_OK ||
        !channel_callback)
        return failed("no channel");
    auto* const graphics = static_cast<RdpgfxClientContext*>(plugin->pInterface);
    if (!::gdi_graphics_pipeline_init(context()->gdi, graphics)) return failed("no pipeline");
    has_pipeline = true;
    if (channel_callback->OnOpen && channel_callback->OnOpen(channel_callback) != CHANNEL_RC_OK)
        return failed("cannot open");
    return {};
}

/// The target chose another desktop inside the pipeline.
void GraphicsPipeline::State::follow_resize()
{
    auto const width = ::freerdp_settings_get_uint32(context()->settings, FreeRDP_DesktopWidth);
    auto const height = ::freerdp_settings_get_uint32(context()->settings, FreeRDP_DesktopHeight);
    if (width == static_cast<UINT32>(picture.width()) &&
        height == static_cast<UINT32>(picture.height()))
        return;
    cannot_resize = width == 0 || height == 0 || width > 8192 || height > 8192 ||
                    std::size_t{width} * height > desktop_pixels_max;
    if (cannot_resize) return;
    Picture larger{static_cast<int>(width), static_cast<int>(height)};
    // A vector keeps its buffer when it is moved.
    cannot_resize = !::gdi_resize_ex(
        context()->gdi,
        width,
        height,
        static_cast<UINT32>(larger.stride()),
        picture_format,
        larger.pixels(),
        &keep_buffer
    );
    picture = std::move(larger);
}

void GraphicsPipeline::State::mark_changes()
{
    auto const* const window = context()->gdi->primary->hdc->hwnd;
    for (int i = 0; i < window->ninvalid; ++i) {
        auto const& part = window->cinvalid[i];
        picture.changed().mark({part.x, part.y, part.x + part.w, part.y + part.h});
    }
}

Result<> GraphicsPipeline::State::open()
{
    if (auto done = open_context(); !done) return done;
    return open_channel();
}

GraphicsPipeline::GraphicsPipeline(std::unique_ptr<State> state) : state_{std::move(state)} {}
GraphicsPipeline::~GraphicsPipeline() = default;

Result<std::unique_ptr<GraphicsPipeline>> GraphicsPipeline::open(Picture& picture)
{
    auto state = std::make_unique<State>(picture);
    ECLUSE_TRY(state->open());
    return std::unique_ptr<GraphicsPipeline>{new GraphicsPipeline{std::move(state)}};
}

Result<> GraphicsPipeline::feed(std::string_view message)
{
    if (message.empty()) return Error{Errc::malformed, "graphics pipeline: an empty message"};
    wStream buffer{};
    auto* const stream = ::Stream_StaticConstInit(
        &buffer, reinterpret_cast<BYTE const*>(message.data()), message.size()
    );
    auto const answer = state_->channel_callback->OnDataReceived(state_->channel_callback, stream);
    if (state_->cannot_resize)
        return Error{Errc::too_large, "graphics pipeline: a desktop beyond 4096 x 2304"};
    if (answer != CHANNEL_RC_OK) return Error{Errc::malformed, "graphics pipeline: refused"};
    return {};
}

} // namespace ecluse::encode
