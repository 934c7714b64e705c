// Whether the deployment is well, and how many connections it holds.
import { api, ApiError, ask } from "../api/client";
import type { components } from "../api/schema";
import { Badge, ErrorNotice, Skeleton } from "../parts/basics";
import { useResource } from "../resource";
import { format, t } from "../texts";

type HealthBody = components["schemas"]["Health"];

/** A deployment that is not well answers 503, with the same body. */
async function loadHealth(signal: AbortSignal): Promise<HealthBody> {
  try {
    return (await ask(api.GET("/health", { signal }))).data as HealthBody;
  } catch (error) {
    if (error instanceof ApiError && error.body && "checks" in error.body) return error.body as unknown as HealthBody;
    throw error;
  }
}

export function Health() {
  const health = useResource("health", loadHealth);
  const metrics = useResource("metrics", (signal) =>
    ask(api.GET("/api/v1/metrics/database", { signal })).then(({ data }) => data),
  );
  const fleet = metrics.data?.fleet;
  const open = fleet?.connections.reduce((sum, { count }) => sum + count, 0) ?? 0;
  return (
    <div class="columns">
      <section class="card" aria-labelledby="health">
        <h2 id="health">{t.dashboard.health}</h2>
        {health.error && <ErrorNotice error={health.error} retry={health.reload} />}
        {!health.data && health.isLoading && <Skeleton rows={2} />}
        {health.data && (
          <dl class="facts">
            {Object.entries(health.data.checks).map(([name, check]) => (
              <Check key={name} name={name} check={check} />
            ))}
            <dt>{t.dashboard.version}</dt>
            <dd>{health.data.version}</dd>
          </dl>
        )}
      </section>
      <section class="card" aria-labelledby="connections">
        <h2 id="connections">{t.dashboard.connections}</h2>
        {metrics.error && <ErrorNotice error={metrics.error} retry={metrics.reload} />}
        {!metrics.data && metrics.isLoading && <Skeleton rows={2} />}
        {fleet && (
          <>
            <label class="meter">
              {t.dashboard.ofMax(open, fleet.max_connections)}
              <meter value={open} max={fleet.max_connections} high={fleet.max_connections * 0.8} />
            </label>
            <div class="scroll" tabIndex={0} role="region" aria-label={t.dashboard.byFunction}>
              <table class="numbers compact">
                <thead>
                  <tr>
                    <th scope="col">{t.dashboard.fn}</th>
                    <th scope="col">{t.dashboard.state}</th>
                    <th scope="col">{t.dashboard.count}</th>
                  </tr>
                </thead>
                <tbody>
                  {fleet.connections.map((group) => (
                    <tr key={`${group.function} ${group.state}`}>
                      <th scope="row">{group.function}</th>
                      <td>{group.state}</td>
                      <td>{format.number(group.count)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </>
        )}
      </section>
    </div>
  );
}

function Check({ name, check }: { name: string; check?: components["schemas"]["HealthCheck"] | null }) {
  if (!check) return null;
  const isWell = check.status === "healthy";
  return (
    <>
      <dt>{t.dashboard.checks[name] ?? name}</dt>
      <dd>
        <Badge kind={isWell ? "good" : "bad"}>{isWell ? t.dashboard.healthy : t.dashboard.unhealthy}</Badge>{" "}
        <span class="quiet">
          {isWell ? `${t.dashboard.latency} ${format.milliseconds(check.latency_ms)}` : check.error}
        </span>
      </dd>
    </>
  );
}
