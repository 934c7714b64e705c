// Who changed a user, and what.
import { useState } from "preact/hooks";
import { api, ask, type AuditEntry } from "../api/client";
import { HistoryItem } from "../audit/entry";
import { ErrorNotice, Skeleton } from "../parts/basics";
import { useResource } from "../resource";
import { t } from "../texts";

const SIZE = 20;

export function History({ id }: { id: string }) {
  const [older, setOlder] = useState<{ items: AuditEntry[]; next: string | null }>();
  const load = (cursor: string | undefined, signal?: AbortSignal) => {
    const path = { id };
    const query = { size: SIZE, cursor };
    return ask(api.GET("/api/v1/users/{id}/history", { params: { path, query }, signal })).then(({ data }) => data);
  };
  const first = useResource(id, (signal) => load(undefined, signal));
  if (first.error) return <ErrorNotice error={first.error} retry={first.reload} />;
  if (!first.data) return <Skeleton rows={3} />;
  const entries = [...first.data.items, ...(older?.items ?? [])];
  const next = older ? older.next : first.data.next_cursor;
  const more = async () => {
    const page = await load(next!);
    setOlder({ items: [...(older?.items ?? []), ...page.items], next: page.next_cursor });
  };
  if (entries.length === 0) return <p class="quiet">{t.audit.empty}.</p>;
  return (
    <>
      <ol class="history">
        {entries.map((entry) => (
          <HistoryItem key={entry.id} entry={entry} />
        ))}
      </ol>
      {next && entries.length >= SIZE && (
        <div class="actions">
          <button type="button" onClick={more}>
            {t.audit.older}
          </button>
        </div>
      )}
    </>
  );
}
