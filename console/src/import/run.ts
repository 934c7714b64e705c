// Sending a file in batches. A row that the API refuses is set aside, and the others of its batch are sent again.
import { api, ApiError, ask, type Detail } from "../api/client";
import type { Mapping, Table } from "./file";

export type OnConflict = "fail" | "skip" | "update";
export interface Settings {
  mapping: Mapping;
  onConflict: OnConflict;
}
export interface Counts {
  created: number;
  updated: number;
  skipped: number;
}
/** What is wrong with which row. */
export type Problems = Record<number, Pick<Detail, "field" | "message">[]>;

const ROWS = 1_000;
/** Each is hashed, which takes a moment. */
const ROWS_WITH_PASSWORDS = 200;
/** A request may have 6 MB, and a character up to 4 bytes. */
const CHARACTERS = 1_200_000;
const ATTEMPTS = 4;
const PAUSE_MILLISECONDS = 500;

/** Where each batch begins. The same file and settings have the same batches after a reload. */
export function plan(table: Table, settings: Settings): number[] {
  const most = settings.mapping.includes("password") ? ROWS_WITH_PASSWORDS : ROWS;
  const starts: number[] = [];
  let characters = 0;
  for (let row = 0; row < table.length; row++) {
    characters += table.size(row);
    const start = starts.at(-1);
    if (start === undefined || row - start >= most || characters > CHARACTERS) {
      starts.push(row);
      characters = table.size(row);
    }
  }
  return starts;
}

export interface Progress {
  done: number;
  counts: Counts;
  problems: Problems;
}

interface Job {
  table: Table;
  settings: Settings;
  isDryRun: boolean;
  run: string;
  from: Progress;
  signal: AbortSignal;
  /** Called before a batch is sent again without refused rows, and after every batch. */
  report: (progress: Progress) => Promise<unknown>;
}

export async function send({ table, settings, isDryRun, run, from, signal, report }: Job): Promise<Progress> {
  let { done, counts, problems } = from;
  const starts = plan(table, settings);
  for (const [index, start] of starts.entries()) {
    const end = starts[index + 1] ?? table.length;
    if (start < done) continue;
    const all = Array.from({ length: end - start }, (_, offset) => start + offset);
    for (;;) {
      const rows = all.filter((row) => !problems[row]);
      if (rows.length === 0) break;
      try {
        const answer = await sendBatch(table, settings, rows, isDryRun, `console-${run}-${start}`, signal);
        counts = {
          created: counts.created + answer.created,
          updated: counts.updated + answer.updated,
          skipped: counts.skipped + answer.skipped,
        };
        break;
      } catch (error) {
        if (!(error instanceof ApiError) || error.details.length === 0) throw error;
        problems = { ...problems };
        for (const { index, field, message } of error.details) {
          const row = rows[index]!;
          problems[row] = [...(problems[row] ?? []), { field, message }];
        }
        await report({ done, counts, problems });
      }
    }
    done = end;
    await report({ done, counts, problems });
  }
  return { done, counts, problems };
}

async function sendBatch(
  table: Table,
  settings: Settings,
  rows: number[],
  isDryRun: boolean,
  key: string,
  signal: AbortSignal,
): Promise<Counts> {
  const { type, body } = table.encode(rows, settings.mapping);
  for (let attempt = 1; ; attempt++) {
    try {
      const { data } = await ask(
        api.POST("/api/v1/users/bulk", {
          params: {
            query: { on_conflict: settings.onConflict, dry_run: isDryRun },
            header: { Prefer: "return=minimal", ...(isDryRun ? {} : { "Idempotency-Key": key }) },
          },
          headers: { "Content-Type": type },
          body: body as never,
          bodySerializer: (body: unknown) => body as string,
          signal,
        }),
      );
      return data as unknown as Counts;
    } catch (error) {
      const isPassing = error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 502);
      if (!isPassing || attempt === ATTEMPTS) throw error;
      const wait = error.retryAfter ? error.retryAfter * 1_000 : PAUSE_MILLISECONDS * 2 ** attempt;
      await new Promise((resolve) => setTimeout(resolve, wait));
      signal.throwIfAborted();
    }
  }
}
