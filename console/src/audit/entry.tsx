// What an entry of the log says: who, what, whom, and every field before and after.
import type { AuditEntry } from "../api/client";
import { Badge, Foreign, Time } from "../parts/basics";
import { href } from "../router";
import { format, t } from "../texts";

const LONGEST = 200;

function Value({ value }: { value: unknown }) {
  if (value === null || value === undefined) return <>{t.none}</>;
  if (typeof value === "boolean") return <>{value ? t.yes : t.no}</>;
  if (typeof value === "number") return <>{format.number(value)}</>;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return <Foreign>{text.slice(0, LONGEST)}</Foreign>;
}

export function Changes({ entry }: { entry: AuditEntry }) {
  const before = (entry.before ?? {}) as Record<string, unknown>;
  const after = (entry.after ?? {}) as Record<string, unknown>;
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  if (fields.length === 0) return null;
  return (
    <dl class="changes">
      {fields.map((field) => (
        <div key={field}>
          <dt>{t.fields[field] ?? field}:</dt>
          {field in before && (
            <dd>
              <del>
                <span class="hidden">{t.audit.before} </span>
                <Value value={before[field]} />
              </del>
            </dd>
          )}
          {field in before && field in after && <span aria-hidden="true">→</span>}
          {field in after && (
            <dd>
              <ins>
                <span class="hidden">{t.audit.after} </span>
                <Value value={after[field]} />
              </ins>
            </dd>
          )}
        </div>
      ))}
    </dl>
  );
}

export const Action = ({ entry }: { entry: AuditEntry }) => (
  <>
    <strong>{t.audit.actions[entry.action] ?? entry.action}</strong>{" "}
    {entry.refusal && <Badge kind="bad">{t.audit.refusal(entry.refusal)}</Badge>}
  </>
);

export function Actor({ entry }: { entry: AuditEntry }) {
  const { id, kind, username } = entry.actor;
  if (kind !== "user" || id === null) return <>{t.audit.operator}</>;
  return (
    <a href={href(`/users/${encodeURIComponent(id)}`)}>
      {username ? <Foreign>{username}</Foreign> : `${t.audit.deletedUser} #${id}`}
    </a>
  );
}

export function Target({ entry }: { entry: AuditEntry }) {
  const { target } = entry;
  if (!target) return <span class="quiet">{entry.action === "user.import" ? t.audit.many : t.none}</span>;
  if (target.id === null) return <span class="quiet">{t.none}</span>;
  return (
    <a href={href(`/users/${encodeURIComponent(target.id)}`)}>
      {target.username ? <Foreign>{target.username}</Foreign> : `#${target.id}`}
    </a>
  );
}

/** An entry in the history of a user, who is the one whom it is about. */
export const HistoryItem = ({ entry }: { entry: AuditEntry }) => (
  <li>
    <p class="line">
      <Action entry={entry} />
      <Actor entry={entry} />
      <span class="quiet">
        <Time value={entry.occurred_at} />
      </span>
    </p>
    <Changes entry={entry} />
  </li>
);
