// New users by day: a chart, and the same numbers as a table.
import { api, ask } from "../api/client";
import { ErrorNotice, Skeleton } from "../parts/basics";
import { useResource } from "../resource";
import { href, navigate, usePlace, withQuery } from "../router";
import { format, t } from "../texts";

const PERIODS = [7, 30, 90, 365];
const HEIGHT = 100;
/** Of a day's width, the part that is bar. */
const BAR = 0.72;

export function Signups() {
  const { query } = usePlace();
  const asked = Number(query.get("days"));
  const days = PERIODS.includes(asked) ? asked : 30;
  const signups = useResource(`signups ${days}`, (signal) =>
    ask(api.GET("/api/v1/dashboard/signups", { params: { query: { days } }, signal })).then(({ data }) => data.days),
  );
  const choose = (days: number) => navigate(href("/", withQuery(query, { days: String(days) })), { replace: true });
  const shown = signups.data;
  return (
    <section class="card" aria-labelledby="signups">
      <div class="head">
        <h2 id="signups">{t.dashboard.signups}</h2>
        <fieldset class="choices">
          <legend class="hidden">{t.dashboard.period}</legend>
          {PERIODS.map((period) => (
            <label key={period}>
              <input type="radio" name="days" checked={days === period} onChange={() => choose(period)} />
              {t.dashboard.days(period)}
            </label>
          ))}
        </fieldset>
      </div>
      {signups.error?.status === 404 ? (
        <p class="quiet">{t.dashboard.unknownDates}</p>
      ) : (
        signups.error && <ErrorNotice error={signups.error} retry={signups.reload} />
      )}
      {!shown && signups.isLoading && <Skeleton rows={3} />}
      {shown && !signups.error && <Chart days={shown} />}
    </section>
  );
}

interface Day {
  date: string;
  new_users: number;
}

function Chart({ days }: { days: Day[] }) {
  const most = Math.max(1, ...days.map((day) => day.new_users));
  const sum = days.reduce((sum, day) => sum + day.new_users, 0);
  const height = (day: Day) => (day.new_users / most) * HEIGHT;
  const summary = t.dashboard.sum(sum, days.length);
  return (
    <>
      <p class="axis">
        <span role="status">{summary}</span>
        <span>{t.dashboard.most(most)}</span>
      </p>
      <svg class="chart" viewBox={`0 0 ${days.length} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={summary}>
        {[0, 0.5, 1].map((part) => (
          <line key={part} x1="0" x2={days.length} y1={HEIGHT * part} y2={HEIGHT * part} />
        ))}
        {days.map((day, index) => (
          <rect key={day.date} x={index + (1 - BAR) / 2} width={BAR} y={HEIGHT - height(day)} height={height(day)}>
            <title>{`${day.date}: ${format.number(day.new_users)}`}</title>
          </rect>
        ))}
      </svg>
      <p class="axis">
        <span>{days[0]?.date}</span>
        <span>{days.at(-1)?.date}</span>
      </p>
      <details>
        <summary>{t.dashboard.asTable}</summary>
        <div class="scroll" tabIndex={0} role="region" aria-label={t.dashboard.asTable}>
          <table class="numbers compact">
            <thead>
              <tr>
                <th scope="col">{t.dashboard.day}</th>
                <th scope="col">{t.dashboard.newUsers}</th>
              </tr>
            </thead>
            <tbody>
              {days.toReversed().map((day) => (
                <tr key={day.date}>
                  <th scope="row">{day.date}</th>
                  <td>{format.number(day.new_users)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}
