#include "gateway/rdp/freerdp_compat.h"

#include <freerdp/server/proxy/proxy_context.h>
#include <freerdp/version.h>

namespace ecluse::rdp {

#if FREERDP_VERSION_MAJOR > 3 || FREERDP_VERSION_MINOR >= 27

rdpContext* front_context(proxyData* session)
{
    return session->ps;
}

rdpContext* target_context(proxyData* session)
{
    return session->pc;
}

#else

rdpContext* front_context(proxyData* session)
{
    return session->ps ? &session->ps->context : nullptr;
}

rdpContext* target_context(proxyData* session)
{
    return session->pc ? &session->pc->context : nullptr;
}

#endif

void abort_session(proxyData* session)
{
    ::proxy_data_abort_connect(session);
}

} // namespace ecluse::rdp
