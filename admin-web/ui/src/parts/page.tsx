import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useLanguage } from "../lib/text";
import { siteName, useSession } from "./session";

/** One h1, a title of its own, and the focus there when the reader comes from another page. */
export function Page({ title, lead, actions, children, enter = false }: { title: string; lead?: ComponentChildren; actions?: ComponentChildren; children: ComponentChildren; enter?: boolean }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const language = useLanguage();
  const { phase } = useSession();
  useEffect(() => {
    document.title = `${title} – Écluse${siteName() ? ` – ${siteName()}` : ""}`;
  }, [title, language, phase]);
  useEffect(() => {
    // The first page of all leaves the focus to the browser.
    if (arrived) heading.current?.focus();
    arrived = true;
    scrollTo(0, 0);
  }, []);
  return (
    <div class={enter ? "page enter" : "page"}>
      <div class="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <div class="lead">{lead}</div>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </div>
      {children}
    </div>
  );
}
let arrived = false;

export function Section({ title, count, actions, children, id }: { title: string; count?: number | undefined; actions?: ComponentChildren; children: ComponentChildren; id?: string }) {
  return (
    <section class="section" {...(id ? { id } : {})}>
      <div class="section-head">
        <h2>
          {title}
          {count !== undefined && <span class="count">{count}</span>}
        </h2>
        {actions && <div class="actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
}
