import { useState } from "preact/hooks";
import { type Answer, call } from "../lib/call";
import { useCall } from "../lib/live";
import { navigate } from "../lib/route";
import { t, word } from "../lib/text";
import { showDate, showMoment } from "../lib/time";
import { Chip, Empty, Facts, Icon, Line, Loading, Moment, Notice, PersonState, ProblemBox, Raw } from "../parts/basics";
import { Area, AskButton, Choices, Dialog, type Errors, Form, Input, Select, useAct } from "../parts/form";
import { Page } from "../parts/page";
import { hasRole } from "../parts/session";
import { type Column, More, Table } from "../parts/table";

/** D8, the list. */
export function Assets() {
  const list = useCall("asset.list", {}, ["asset"]);
  const { data, problem, stale, reload } = list;
  const [adding, setAdding] = useState(false);
  const columns: Column<Answer>[] = [
    { key: "name", title: t("asset.name"), head: true, value: (a) => a.name, show: (a) => <a href={`/cibles/${a.name}`}><Raw text={a.name} /></a> },
    { key: "description", title: t("asset.description"), value: (a) => a.description, show: (a) => <Raw text={a.description} /> },
    { key: "protocol", title: t("session.protocol"), value: (a) => a.protocol, show: (a) => word("protocol", a.protocol) },
    { key: "host", title: t("asset.host"), value: (a) => `${a.host}:${a.port}`, show: (a) => <code>{`${a.host}:${a.port}`}</code> },
    { key: "state", title: t("window.state"), value: (a) => word("state.person", a.state), show: (a) => <PersonState state={a.state} /> },
    { key: "pinned", title: t("asset.identity"), value: (a) => Boolean(a.pinned), show: (a) => <Chip tone={a.pinned ? "good" : "bad"} icon={a.pinned ? "shield-check" : "triangle-alert"}>{a.pinned ? t("asset.pinned") : t("asset.unpinned")}</Chip> },
  ];
  return (
    <Page title={t("assets.title")} actions={<button type="button" class="primary" onClick={() => setAdding(true)}><Icon name="plus" />{t("asset.add")}</button>}>
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {problem && !data && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && <Table id="e" caption={t("assets.title")} columns={columns} rows={data.rows as Answer[]} rowKey={(a) => a.name} csv="cibles" empty={<Empty title={t("assets.none")}><p>{t("assets.none_text")}</p></Empty>} />}
      <More list={list} />
      {adding && <AddAsset onClose={() => setAdding(false)} />}
    </Page>
  );
}

function AddAsset({ onClose }: { onClose: () => void }) {
  const [f, set] = useState({ name: "", description: "", host: "", port: "", protocol: "ssh", security: "nla", open_mode: "auto", hours: "", referent: "" });
  const act = useAct();
  const field = (name: keyof typeof f, label: string) => ({ name, label, value: f[name], error: act.errors[name], onValue: (value: string) => set({ ...f, [name]: value }) });
  const check = (): Errors => {
    const errors: Errors = {};
    if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(f.name)) errors.name = t("asset.name_wrong");
    if (!f.description.trim()) errors.description = t("asset.description_missing");
    if (!f.host.trim()) errors.host = t("asset.host_missing");
    if (f.port && !(Number(f.port) >= 1 && Number(f.port) <= 65535)) errors.port = t("asset.port_wrong");
    return errors;
  };
  return (
    <Dialog title={t("asset.add")} onClose={onClose}>
      <Form
        act={act}
        submit={t("asset.add")}
        extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}
        onSubmit={() =>
          void act.run(check, async () => {
            await call("asset.create", {
              name: f.name,
              description: f.description.trim(),
              host: f.host.trim(),
              protocol: f.protocol,
              port: f.port ? Number(f.port) : undefined,
              security: f.protocol === "rdp" ? f.security : undefined,
              open_mode: f.open_mode,
              referent: f.referent.trim() || undefined,
              usage_hours: f.hours.trim() ? f.hours.split(",").map((one) => one.trim()) : undefined,
            });
            navigate(`/cibles/${f.name}`);
          })
        }
      >
        <Choices name="protocol" label={t("session.protocol")} value={[f.protocol]} onValue={([one]) => set({ ...f, protocol: one ?? "ssh" })} options={[["ssh", word("protocol", "ssh")], ["rdp", word("protocol", "rdp")]]} />
        <div class="row">
          <Input {...field("name", t("asset.name"))} help={t("asset.name_help")} maxLength={32} autocomplete="off" />
          <Input {...field("description", t("asset.description"))} maxLength={200} autocomplete="off" />
        </div>
        <div class="row">
          <Input {...field("host", t("asset.host"))} maxLength={253} autocomplete="off" />
          <Input {...field("port", t("asset.port"))} optional inputMode="numeric" help={t("asset.port_help", { n: f.protocol === "rdp" ? 3389 : 22 })} maxLength={5} />
        </div>
        {f.protocol === "rdp" && <Select {...field("security", t("asset.security"))} options={[["nla", "NLA"], ["tls", "TLS"]]} />}
        <Select {...field("open_mode", t("window.mode"))} options={[["auto", word("mode", "auto")], ["manual", word("mode", "manual")]]} />
        <Input {...field("hours", t("asset.hours"))} optional help={t("asset.hours_help")} maxLength={500} />
        <Input {...field("referent", t("asset.referent"))} optional help={t("asset.referent_help")} maxLength={64} autocomplete="off" />
      </Form>
    </Dialog>
  );
}

/** D8, one target: identity, accounts in the vault, hours of care. */
export function Asset({ name }: { name: string }) {
  const { data: a, problem, stale, reload } = useCall("asset.show", { asset: name }, ["asset"]);
  const [adding, setAdding] = useState<"pin" | "account" | "hours" | "rotate">();
  const [account, setAccount] = useState<Answer>();
  const [made, setMade] = useState<Answer>();
  if (!a) return <Page title={name}>{problem ? <ProblemBox problem={problem} retry={reload} /> : <Loading />}</Page>;
  const keys = (a.host_keys ?? []) as Answer[];
  const accounts = (a.accounts ?? []) as Answer[];
  const active = a.state === "active";
  const rdp = a.protocol === "rdp";
  return (
    <Page
      title={name}
      lead={<span class="chips"><PersonState state={a.state} />{a.sensitive && <Chip tone="warn">{t("asset.sensitive")}</Chip>}<Raw text={a.description} /></span>}
      actions={
        <>
        {hasRole("dsi", "rssi") && (
          <AskButton label={name} done={reload} question={() => ({ title: t(a.sensitive ? "asset.ordinary_title" : "asset.sensitive_title", { name }), consequence: t("asset.sensitive_consequence"), submit: t(a.sensitive ? "asset.make_ordinary" : "asset.make_sensitive"), act: () => call("asset.sensitive", { asset: name, sensitive: !a.sensitive }) })}>
            {t(a.sensitive ? "asset.make_ordinary" : "asset.make_sensitive")}
          </AskButton>
        )}
        <AskButton
          tone={active ? "danger" : "primary"}
          label={name}
          done={reload}
          question={() => ({
            title: active ? t("asset.disable_title", { name }) : t("asset.enable_title", { name }),
            consequence: active ? t("asset.disable_consequence") : t("asset.enable_consequence"),
            reason: t("form.reason"),
            submit: active ? t("asset.disable") : t("asset.enable"),
            tone: active ? "danger" : "primary",
            act: ({ reason }) => (active ? call("asset.disable", { asset: name, reason }) : call("asset.enable", { asset: name, reason })),
          })}
        >
          {active ? t("asset.disable") : t("asset.enable")}
        </AskButton>
        </>
      }
    >
      {stale && <Notice tone="warn" title={t("page.stale")} />}
      {keys.length === 0 && <Notice tone="bad" title={t("asset.no_pin")} />}
      {accounts.length === 0 && <Notice tone="warn" title={t("asset.no_account")} />}
      <div class="split">
        <div>
          <section class="card">
            <h2>{t("asset.facts")}</h2>
            <Facts
              rows={[
                [t("session.protocol"), word("protocol", a.protocol)],
                [t("asset.host"), <code>{`${a.host}:${a.port}`}</code>],
                rdp && [t("asset.security"), String(a.security).toUpperCase()],
                [t("asset.referent"), <Raw text={a.referent} />],
                [t("window.mode"), word("mode", a.open_mode)],
                [t("asset.hours"), a.usage_hours === "never" ? t("asset.hours_never") : <Raw text={a.usage_hours} />],
                [t("asset.sessions"), String(a.sessions)],
                [t("asset.days"), String(a.recording_days)],
                a.algorithms && [t("asset.exception"), <Raw text={`${(a.algorithms as Answer).reason} – ${showDate(Number((a.algorithms as Answer).until) * 1000)}`} />],
              ]}
            />
            <div class="actions">
              <button type="button" class="small" onClick={() => setAdding("hours")}><Icon name="clock" />{t("asset.hours_change")}</button>
            </div>
          </section>
        </div>
        <div>
          <section class="card">
            <div class="card-head">
              <h2>{t("asset.identity")}</h2>
              <button type="button" class="small" onClick={() => setAdding("pin")}><Icon name="plus" />{t("asset.pin")}</button>
            </div>
            {keys.length === 0 && <Empty title={t("asset.unpinned")}><p>{t("asset.pin_help")}</p></Empty>}
            <ul class="plain">
              {keys.map((key) => (
                <li key={key.key}>
                  <code><Raw text={key.fingerprint} /></code>
                  <div class="muted">{t("story.by", { who: String(key.pinned_by) })} <Moment at={key.pinned_at} /></div>
                  <AskButton tone="quiet" icon="x" label={key.fingerprint} done={reload} question={() => ({ title: t("asset.unpin_title"), consequence: t("asset.unpin_consequence"), submit: t("source.remove"), tone: "danger", act: () => call("asset.unpin", { asset: name, fingerprint: key.fingerprint }) })}>
                    {t("source.remove")}
                  </AskButton>
                </li>
              ))}
            </ul>
          </section>
          <section class="card">
            <div class="card-head">
              <h2>{t("asset.accounts")}</h2>
              <button type="button" class="small" onClick={() => (setAccount(undefined), setAdding("account"))}><Icon name="plus" />{t("asset.account_add")}</button>
            </div>
            {made?.key && (
              <Notice tone="good" title={t("asset.key_install", { account: String(made.account) })}>
                <Line text={String(made.key)} what={t("asset.key")} />
              </Notice>
            )}
            {accounts.length === 0 && <Empty title={t("asset.accounts_none")}><p>{t("asset.accounts_none_text")}</p></Empty>}
            <ul class="plain">
              {accounts.map((one) => (
                <li key={one.name}>
                  <strong><Raw text={one.name} /></strong> <span class="muted">{word("method", one.method)} · {t("asset.rotated", { at: showMoment(one.rotated_at) })}</span>
                  <div class="actions">
                    <button type="button" class="quiet" onClick={() => (setAccount(one), setAdding("rotate"))}><Icon name="refresh-cw" />{t("asset.rotate")}<span class="unseen"> {one.name}</span></button>
                    <AskButton tone="quiet" icon="x" label={one.name} done={reload} question={() => ({ title: t("asset.account_remove_title", { account: String(one.name) }), consequence: t("asset.account_remove_consequence"), reason: t("form.reason"), submit: t("source.remove"), tone: "danger", act: ({ reason }) => call("account.remove", { asset: name, account: one.name, reason }) })}>
                      {t("source.remove")}
                    </AskButton>
                  </div>
                </li>
              ))}
            </ul>
          </section>
        </div>
      </div>
      {adding === "pin" && <Pin asset={a} onClose={() => setAdding(undefined)} done={reload} />}
      {adding === "hours" && <Hours asset={a} onClose={() => setAdding(undefined)} done={reload} />}
      {(adding === "account" || adding === "rotate") && (
        <AccountDialog
          asset={a}
          account={account}
          onClose={() => setAdding(undefined)}
          done={(answer) => {
            setMade(answer);
            reload();
          }}
        />
      )}
    </Page>
  );
}

function Pin({ asset: a, onClose, done }: { asset: Answer; onClose: () => void; done: () => void }) {
  const [key, setKey] = useState("");
  const [fingerprint, setFingerprint] = useState("");
  const act = useAct();
  const rdp = a.protocol === "rdp";
  return (
    <Dialog title={t("asset.pin")} onClose={onClose}>
      <Form
        act={act}
        submit={t("asset.pin")}
        extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}
        onSubmit={() =>
          void act.run(
            () => ({ ...(key.trim() ? {} : { key: t("asset.key_missing") }), ...(fingerprint.trim() ? {} : { fingerprint: t("asset.fingerprint_missing") }) }) as Errors,
            async () => {
              await call("asset.pin", { asset: a.name, key: rdp ? undefined : key.trim(), certificate: rdp ? key.trim() : undefined, fingerprint: fingerprint.trim() });
              onClose();
              done();
            },
          )
        }
      >
        <p class="consequence">{t("asset.pin_consequence")}</p>
        <Area name="key" label={rdp ? t("asset.certificate") : t("asset.host_key")} help={rdp ? t("asset.certificate_help") : t("asset.host_key_help")} value={key} onValue={setKey} error={act.errors.key} maxLength={16000} />
        <Input name="fingerprint" label={t("asset.fingerprint")} help={t("asset.fingerprint_help")} value={fingerprint} onValue={setFingerprint} error={act.errors.fingerprint} maxLength={128} autocomplete="off" />
      </Form>
    </Dialog>
  );
}

function Hours({ asset: a, onClose, done }: { asset: Answer; onClose: () => void; done: () => void }) {
  const [hours, setHours] = useState(a.usage_hours === "never" ? "" : String(a.usage_hours));
  const act = useAct();
  return (
    <Dialog title={t("asset.hours_change")} onClose={onClose}>
      <Form
        act={act}
        submit={t("act.save_changes")}
        extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}
        onSubmit={() =>
          void act.run(
            () => ({}),
            async () => {
              await call("asset.usage_hours", { asset: a.name, usage_hours: hours.trim() ? hours.split(",").map((one) => one.trim()) : ["never"] });
              onClose();
              done();
            },
          )
        }
      >
        <p class="consequence">{t("asset.hours_consequence")}</p>
        <Input name="hours" label={t("asset.hours")} optional help={t("asset.hours_help")} value={hours} onValue={setHours} maxLength={500} />
      </Form>
    </Dialog>
  );
}

/** The secret goes into the vault and never comes out: it is typed here, or made there. */
function AccountDialog({ asset: a, account, onClose, done }: { asset: Answer; account: Answer | undefined; onClose: () => void; done: (answer: Answer) => void }) {
  const rdp = a.protocol === "rdp";
  const [name, setName] = useState(String(account?.name ?? ""));
  const [method, setMethod] = useState(String(account?.method ?? (rdp ? "password" : "key")));
  const [domain, setDomain] = useState(String(account?.domain ?? ""));
  const [secret, setSecret] = useState("");
  const act = useAct();
  const check = (): Errors => {
    const errors: Errors = {};
    if (!name.trim()) errors.account = t("asset.account_missing");
    if (method === "password" && !secret) errors.secret = t("login.password_missing");
    return errors;
  };
  const title = account ? t("asset.rotate_title", { account: name }) : t("asset.account_add");
  return (
    <Dialog title={title} onClose={onClose}>
      <Form
        act={act}
        submit={account ? t("asset.rotate") : t("asset.account_add")}
        extra={<button type="button" onClick={onClose}>{t("act.cancel")}</button>}
        onSubmit={() =>
          void act.run(check, async () => {
            const fields = { asset: a.name as string, account: name.trim(), method, domain: rdp ? domain.trim() || undefined : undefined, secret: secret || undefined };
            const answer = account ? await call("account.rotate", fields) : await call("account.add", fields);
            setSecret("");
            onClose();
            done(answer);
          })
        }
      >
        <p class="consequence">{account ? t("asset.rotate_consequence") : t("asset.vault")}</p>
        {!account && <Input name="account" label={t("session.account")} help={t("asset.account_help")} value={name} onValue={setName} error={act.errors.account} maxLength={64} autocomplete="off" />}
        {!rdp && <Choices name="method" label={t("asset.method")} value={[method]} onValue={([one]) => setMethod(one ?? "key")} options={[["key", word("method", "key")], ["password", word("method", "password")]]} />}
        {rdp && <Input name="domain" label={t("asset.domain")} optional value={domain} onValue={setDomain} maxLength={64} autocomplete="off" />}
        {method === "password" ? (
          <Input name="secret" type="password" label={t("asset.secret")} autocomplete="new-password" value={secret} onValue={setSecret} error={act.errors.secret} maxLength={1024} />
        ) : (
          <p class="muted">{t("asset.key_made")}</p>
        )}
      </Form>
    </Dialog>
  );
}
