import type { Answer } from "./call";

/** A connection file for a ticket, the same as eclusectl writes (policies/ctl/rdp_file.cpp): the ticket
 * is the user name, there is no password, and nothing is shared that was not granted. */
export function rdpFile(ticket: Answer): string {
  const has = (name: string) => (ticket.functions as string[]).includes(name);
  const flag = (name: string, on: boolean) => `${name}:i:${on ? 1 : 0}`;
  const host = String(ticket.host);
  return [
    `full address:s:${host.includes(":") ? `[${host}]` : host}:${ticket.port}`,
    `username:s:${ticket.ticket}`,
    flag("prompt for credentials", false),
    flag("promptcredentialonce", false),
    flag("enablecredsspsupport", false),
    flag("negotiate security layer", true),
    "authentication level:i:2",
    flag("autoreconnection enabled", false),
    "screen mode id:i:1",
    flag("use multimon", false),
    flag("smart sizing", true),
    "session bpp:i:32",
    flag("redirectclipboard", ["clipboard_in", "clipboard_out", "file_up", "file_down"].some(has)),
    `audiomode:i:${has("sound") ? 0 : 2}`,
    "drivestoredirect:s:",
    flag("redirectprinters", false),
    flag("redirectcomports", false),
    flag("redirectsmartcards", false),
    flag("redirectposdevices", false),
    flag("redirectwebauthn", false),
    flag("redirectlocation", false),
    flag("audiocapturemode", false),
    "camerastoredirect:s:",
    "devicestoredirect:s:",
    "usbdevicestoredirect:s:",
    flag("remoteapplicationmode", false),
    flag("gatewayusagemethod", false),
    "",
  ].join("\r\n");
}
