// The dashboard: numbers, growth and health.
import { useRef } from "preact/hooks";
import { api, ask } from "../api/client";
import { ErrorNotice, Skeleton, Time, Title } from "../parts/basics";
import { useResource } from "../resource";
import { href, withQuery } from "../router";
import { format, t } from "../texts";
import { Health } from "./health";
import { Signups } from "./signups";

const users = (changes: Record<string, string>) => href("/users", withQuery(new URLSearchParams(), changes));
const startOfToday = () => new Date().toISOString().slice(0, 10);
const weekAgo = (timestamp: string) => new Date(Date.parse(timestamp) - 7 * 24 * 3600 * 1000).toISOString();

export function Dashboard() {
  const isRefresh = useRef(false);
  const stats = useResource("stats", async (signal) => {
    const headers = isRefresh.current ? { "Cache-Control": "no-cache" } : {};
    const { data, response } = await ask(api.GET("/api/v1/dashboard/stats", { signal, headers }));
    return { ...data, age: Number(response.headers.get("Age")) || 0 };
  });
  const refresh = () => {
    isRefresh.current = true;
    stats.reload();
  };
  const numbers = stats.data;
  return (
    <>
      <div class="head">
        <Title text={t.dashboard.title} />
        {numbers && (
          <p class="quiet" role="status">
            {t.dashboard.asOf} <Time value={numbers.timestamp} />, {t.dashboard.age(numbers.age)}{" "}
            <button type="button" class="plain" onClick={refresh}>
              {t.dashboard.refresh}
            </button>
          </p>
        )}
      </div>
      {stats.error && <ErrorNotice error={stats.error} retry={stats.reload} />}
      {!numbers && stats.isLoading && <Skeleton rows={2} />}
      {numbers && (
        <ul class="tiles">
          <Tile label={t.dashboard.total} value={numbers.total_users} to={users({})} />
          <Tile label={t.dashboard.active} value={numbers.active_users} to={users({ is_active: "true" })} />
          <Tile label={t.dashboard.inactive} value={numbers.inactive_users} to={users({ is_active: "false" })} />
          <Tile label={t.dashboard.superusers} value={numbers.superusers} to={users({ is_superuser: "true" })} />
          <Tile label={t.dashboard.today} value={numbers.new_users_today} to={users({ created_from: startOfToday() })} />
          <Tile label={t.dashboard.week} value={numbers.new_users_week} to={users({ created_from: weekAgo(numbers.timestamp) })} />
        </ul>
      )}
      <Signups />
      <Health />
    </>
  );
}

function Tile({ label, value, to }: { label: string; value: number | null; to: string }) {
  if (value === null) return null;
  return (
    <li>
      <a class="tile" href={to}>
        <span>{label}</span>
        <strong>{format.number(value)}</strong>
      </a>
    </li>
  );
}
