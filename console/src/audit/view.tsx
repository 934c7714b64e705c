// The log of changes.
import { api, ask, type AuditEntry } from "../api/client";
import type { paths } from "../api/schema";
import { ErrorNotice, Skeleton, Time, Title } from "../parts/basics";
import { Menu } from "../parts/menu";
import { useResource } from "../resource";
import { href, navigate, usePlace, withQuery } from "../router";
import { t } from "../texts";
import { Choice } from "../users/filters";
import { Action, Actor, Changes, Target } from "./entry";

type AuditQuery = NonNullable<paths["/api/v1/audit"]["get"]["parameters"]["query"]>;
const IN_MENU = ["actor", "target", "request_id", "transaction", "from", "to"] as const;
const FILTERS = ["action", "refused", ...IN_MENU] as const;
/** A day of the reader's, as the instant at which it begins. */
const instant = (date: string | null) => (date ? new Date(`${date}T00:00`).toISOString() : undefined);

function auditQuery(query: URLSearchParams): AuditQuery {
  const refused = query.get("refused");
  return {
    actor: query.get("actor") ?? undefined,
    target: query.get("target") ?? undefined,
    action: (query.get("action") ?? undefined) as AuditQuery["action"],
    refused: refused === null ? undefined : refused === "true",
    request_id: query.get("request_id") ?? undefined,
    transaction: query.has("transaction") ? Number(query.get("transaction")) : undefined,
    from: instant(query.get("from")),
    to: instant(query.get("to")),
    cursor: query.get("cursor") ?? undefined,
    size: 50,
  };
}

export function AuditView() {
  const { query } = usePlace();
  const asked = auditQuery(query);
  const log = useResource(JSON.stringify(asked), (signal) =>
    ask(api.GET("/api/v1/audit", { params: { query: asked }, signal })).then(({ data }) => data),
  );
  const show = (changes: Record<string, string | undefined>) =>
    navigate(href("/audit", withQuery(query, { cursor: undefined, ...changes })));
  const to = (cursor: string) => href("/audit", withQuery(query, { cursor }));
  const isFiltered = FILTERS.some((name) => query.get(name));
  const page = log.data;

  return (
    <>
      <div class="head">
        <Title text={t.audit.title} />
      </div>
      <p class="quiet">{t.audit.hint}</p>
      <search class="tools">
        <Choice
          label={t.audit.action}
          value={query.get("action") ?? ""}
          options={Object.entries(t.audit.actions)}
          onChange={(action) => show({ action })}
        />
        <Choice
          label={t.audit.outcome}
          value={query.get("refused") ?? ""}
          options={[
            ["false", t.audit.done],
            ["true", t.audit.refused],
          ]}
          onChange={(refused) => show({ refused })}
        />
        <Menu label={t.audit.more} isSet={IN_MENU.some((name) => query.get(name))}>
          {IN_MENU.map((name) => (
            <TextFilter key={name} label={t.audit.filters[name]} name={name} query={query} show={show} />
          ))}
        </Menu>
        {isFiltered && (
          <button
            type="button"
            class="plain"
            onClick={() => show(Object.fromEntries(FILTERS.map((name) => [name, undefined])))}
          >
            {t.audit.clear}
          </button>
        )}
      </search>
      {log.error && <ErrorNotice error={log.error} retry={log.reload} />}
      {!page && log.isLoading && <Skeleton rows={8} />}
      {page && page.items.length === 0 && !log.error && (
        <div class="empty">
          <h2>{t.audit.empty}</h2>
          <p>{isFiltered ? t.audit.noMatchHint : t.audit.emptyHint}</p>
        </div>
      )}
      {page && page.items.length > 0 && <Log entries={page.items} isLoading={log.isLoading} />}
      {page && (
        <nav class="pages" aria-label={t.users.pages}>
          {query.get("cursor") && <a href={href("/audit", withQuery(query, { cursor: undefined }))}>{t.audit.newest}</a>}
          {query.get("cursor") && page.prev_cursor && <a href={to(page.prev_cursor)}>{t.audit.newer}</a>}
          {page.next_cursor && <a href={to(page.next_cursor)}>{t.audit.older}</a>}
        </nav>
      )}
    </>
  );
}

function Log({ entries, isLoading }: { entries: AuditEntry[]; isLoading: boolean }) {
  return (
    <div class="scroll" aria-busy={isLoading} tabIndex={0} role="region" aria-label={t.audit.caption}>
      <table class="log">
        <caption class="hidden">{t.audit.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{t.audit.when}</th>
            <th scope="col">{t.audit.who}</th>
            <th scope="col">{t.audit.what}</th>
            <th scope="col">{t.audit.whom}</th>
            <th scope="col">{t.audit.changes}</th>
            <th scope="col">{t.audit.details}</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.id}>
              <td>
                <Time value={entry.occurred_at} />
              </td>
              <td>
                <Actor entry={entry} />
              </td>
              <td>
                <Action entry={entry} />
              </td>
              <td>
                <Target entry={entry} />
              </td>
              <td>
                <Changes entry={entry} />
              </td>
              <td class="quiet">
                <code>{entry.source_address}</code>{" "}
                <a href={href("/audit", new URLSearchParams({ transaction: String(entry.transaction) }))}>
                  {t.audit.all}
                </a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TextFilter(props: {
  label: string;
  name: string;
  query: URLSearchParams;
  show: (changes: Record<string, string | undefined>) => void;
}) {
  const value = props.query.get(props.name) ?? "";
  const isDate = props.name === "from" || props.name === "to";
  return (
    <label>
      {props.label}
      <input
        key={value}
        type={(isDate ? "date" : "text") as "text"}
        size={14}
        autocomplete="off"
        spellcheck={false}
        defaultValue={value}
        onChange={(event) => props.show({ [props.name]: event.currentTarget.value.trim() })}
      />
    </label>
  );
}
