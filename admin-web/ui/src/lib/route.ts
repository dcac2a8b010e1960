import { useEffect, useState } from "preact/hooks";

/** Pages have addresses; filters live in the query, so that a link shows what its sender saw. */
const listeners = new Set<() => void>();
const tell = () => {
  for (const listener of listeners) listener();
};
addEventListener("popstate", tell);

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (to === location.pathname + location.search) return;
  if (options.replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  tell();
}

export function usePath(): string {
  const [path, set] = useState(location.pathname);
  useEffect(() => {
    const listener = () => set(location.pathname);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return path;
}

/** One value of the address bar. */
export function useQuery(name: string, absent = ""): [string, (value: string) => void] {
  const read = () => new URLSearchParams(location.search).get(name) ?? absent;
  const [value, set] = useState(read);
  useEffect(() => {
    const listener = () => set(read());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, [name]);
  return [
    value,
    (next) => {
      const query = new URLSearchParams(location.search);
      if (next === absent) query.delete(name);
      else query.set(name, next);
      const text = query.toString();
      navigate(location.pathname + (text ? `?${text}` : ""), { replace: true });
    },
  ];
}

/** "/creneaux/:id" against "/creneaux/W-1" gives { id: "W-1" }; null when it is another page. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const seen = path.replace(/\/+$/, "").split("/");
  if (seen.length === 1) seen.push("");
  if (wanted.length !== seen.length) return null;
  const found: Record<string, string> = {};
  for (let i = 0; i < wanted.length; i++) {
    const part = wanted[i] as string;
    if (part.startsWith(":")) {
      try {
        found[part.slice(1)] = decodeURIComponent(seen[i] as string);
      } catch {
        return null;
      }
    } else if (part !== seen[i]) return null;
  }
  return found;
}

/** A link of this page goes through the router unless the reader wants another tab. */
export function followLinks(): void {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest("a");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.pathname.startsWith("/api/")) return;
    if (link.pathname === location.pathname && link.hash) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
