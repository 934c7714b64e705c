// Changing and deleting many users: what would happen, doing it, and taking it back.
import { api, ApiError, ask, type User, type UserId } from "../api/client";
import type { components } from "../api/schema";

type Schemas = components["schemas"];
type Filter = Schemas["UserFilter"];
export type Skipped = Schemas["BulkUpdated"]["skipped"][number];

export type Selection = { ids: UserId[] } | { filter: Filter };
export type Change = Schemas["BulkUpdate"]["set"];
/** A change, or `null`, which deletes. */
export type Action = Change | null;

export interface Outcome {
  count: number;
  done: number;
  examples: User[];
  skipped: Skipped[];
  requestId: string | null;
  next: string | null;
}

interface Options {
  dry_run?: boolean;
  expected_count?: number;
  cursor?: string;
}

const target = (selection: Selection) =>
  "ids" in selection
    ? { ids: selection.ids }
    : { filter: selection.filter, all: Object.values(selection.filter).every((value) => value === undefined) };

async function send(selection: Selection, action: Action, options: Options, key?: string): Promise<Outcome> {
  const body = { ...target(selection), ...options };
  const params = { header: key ? { "Idempotency-Key": key } : {} };
  const requestId = (response: Response) => response.headers.get("X-Request-Id");
  if (action === null) {
    const { data, response } = await ask(api.POST("/api/v1/users/bulk/delete", { params, body }));
    return { ...data, done: data.deleted, examples: data.examples ?? [], requestId: requestId(response) };
  }
  const { data, response } = await ask(api.POST("/api/v1/users/bulk/update", { params, body: { ...body, set: action } }));
  return { ...data, done: data.changed, examples: data.examples ?? [], requestId: requestId(response) };
}

/** What would happen, and nothing else does. */
export const preview = (selection: Selection, action: Action) => send(selection, action, { dry_run: true });

export interface Total {
  done: number;
  skipped: Skipped[];
  requestIds: string[];
}

/** Does it, in as many requests as it takes. Refused, if not as many users as `expected` match any more. */
export async function run(
  selection: Selection,
  action: Action,
  expected: number,
  report: (total: Total) => void,
): Promise<Total> {
  const run = crypto.randomUUID();
  let total: Total = { done: 0, skipped: [], requestIds: [] };
  let cursor: string | undefined;
  const expected_count = "filter" in selection ? expected : undefined;
  for (let part = 0; ; part++) {
    const outcome = await retried(() => send(selection, action, { expected_count, cursor }, `console-${run}-${part}`));
    total = {
      done: total.done + outcome.done,
      skipped: [...total.skipped, ...outcome.skipped],
      requestIds: outcome.requestId ? [...total.requestIds, outcome.requestId] : total.requestIds,
    };
    report(total);
    if (!outcome.next) return total;
    cursor = outcome.next;
  }
}

const ATTEMPTS = 3;
const PAUSE_MILLISECONDS = 800;

/** A request whose answer was lost is sent again: its key gives the answer of the first. */
async function retried<T>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const isPassing = error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 502);
      if (!isPassing || attempt === ATTEMPTS) throw error;
      const wait = error.retryAfter ? error.retryAfter * 1_000 : PAUSE_MILLISECONDS * attempt;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** Most users of one request. */
const MOST = 10_000;

/** Takes a change of flags back, for exactly those whom the log says to have been changed, and who still are so. */
export async function undo(requestIds: string[], change: Change): Promise<number> {
  const fields = Object.keys(change) as (keyof Change)[];
  const before = new Map<string, { set: Change; ids: UserId[] }>();
  for (const request_id of requestIds) {
    const entries = await ask(api.GET("/api/v1/audit", { params: { query: { request_id } } }));
    const transaction = entries.data.items[0]?.transaction;
    // Without it, the log would show what others have done.
    if (transaction === undefined) continue;
    let cursor: string | undefined;
    do {
      const query = { transaction, rows: true, size: 100, cursor };
      const { data } = await ask(api.GET("/api/v1/audit", { params: { query } }));
      for (const entry of data.items) {
        if (!entry.is_row || !entry.target || !entry.before) continue;
        const old = entry.before as Change;
        const set = Object.fromEntries(fields.filter((field) => field in old).map((field) => [field, old[field]]));
        const key = JSON.stringify(set);
        if (key === "{}") continue;
        const group: { set: Change; ids: UserId[] } = before.get(key) ?? { set, ids: [] };
        group.ids.push(entry.target.id);
        before.set(key, group);
      }
      cursor = data.next_cursor ?? undefined;
      if (data.items.length === 0) break;
    } while (cursor);
  }
  let done = 0;
  for (const { set, ids } of before.values()) {
    for (let start = 0; start < ids.length; start += MOST) {
      const selection = { ids: ids.slice(start, start + MOST) };
      const outcome = await retried(() => send(selection, set, {}, `console-${crypto.randomUUID()}`));
      done += outcome.done;
    }
  }
  return done;
}
