// Importing a file of users: look at it, say what its columns are, check it, send it.
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../api/client";
import { ErrorNotice, Foreign, Title } from "../parts/basics";
import { href, useGuard } from "../router";
import { useAccess } from "../users/access";
import { format, t } from "../texts";
import { decode, FIELDS, guess, read, type Table, toCsv, Unreadable } from "./file";
import { Preview } from "./preview";
import { type OnConflict, type Progress, send, type Settings } from "./run";
import { find, forget, hashOf, save, type Saved } from "./store";

interface Opened {
  name: string;
  hash: string;
  table: Table;
  saved?: Saved;
}

export function ImportView() {
  const [opened, setOpened] = useState<Opened>();
  const [problem, setProblem] = useState<string>();

  async function open(file: File) {
    setProblem(undefined);
    try {
      const bytes = await file.arrayBuffer();
      const table = read(decode(bytes));
      if (table.length === 0) return setProblem(t.import.noRows);
      const hash = await hashOf(bytes);
      setOpened({ name: file.name, hash, table, saved: await find(hash) });
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      setProblem(t.import.unreadable(error.message));
    }
  }

  return (
    <>
      <div class="head">
        <Title text={t.import.title} />
        {opened && (
          <button type="button" onClick={() => setOpened(undefined)}>
            {t.import.another}
          </button>
        )}
      </div>
      {opened ? <Import key={opened.hash} {...opened} /> : <DropZone open={open} problem={problem} />}
    </>
  );
}

function DropZone({ open, problem }: { open: (file: File) => void; problem?: string }) {
  const [isOver, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer?.files[0];
    if (file) open(file);
  };
  return (
    <div
      class={isOver ? "drop over" : "drop"}
      onDragOver={(event) => (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <label for="file">{t.import.drop}</label>
      <input
        id="file"
        type="file"
        accept=".csv,.tsv,.txt,.json,.ndjson,.jsonl"
        aria-describedby="file-hint file-problem"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) open(file);
        }}
      />
      <p id="file-hint" class="quiet">
        {t.import.hint}
      </p>
      <p id="file-problem" class="problem" role="alert">
        {problem}
      </p>
    </div>
  );
}

const NOTHING: Progress = { done: 0, counts: { created: 0, updated: 0, skipped: 0 }, problems: {} };
type Stage = "choose" | "checking" | "checked" | "importing" | "done";

function Import({ name, hash, table, saved }: Opened) {
  const { isWritable, noNewUsers } = useAccess();
  const fields = FIELDS.filter(isWritable);
  const [settings, setSettings] = useState<Settings>(
    saved?.settings ?? {
      mapping: guess(table.columns).map((field) => (field && isWritable(field) ? field : "")),
      onConflict: noNewUsers ? "update" : "fail",
    },
  );
  const [progress, setProgress] = useState<Progress>(saved ?? NOTHING);
  const [stage, setStage] = useState<Stage>(saved ? "checked" : "choose");
  const [run, setRun] = useState(saved?.run);
  const [error, setError] = useState<ApiError>();
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);
  const isBusy = stage === "checking" || stage === "importing";
  useGuard(isBusy, t.import.leave);

  const missing = (["email", "username"] as const).filter(
    (field) => isWritable(field) && !settings.mapping.includes(field),
  );
  const isFixed = run !== undefined;
  const choose = (next: Settings) => {
    setSettings(next);
    setProgress(NOTHING);
    setStage("choose");
  };

  async function start(isDryRun: boolean) {
    abort.current = new AbortController();
    setError(undefined);
    setStage(isDryRun ? "checking" : "importing");
    const id = run ?? crypto.randomUUID();
    if (!isDryRun) setRun(id);
    // The rows that the check has refused stay refused; everything else begins anew.
    const from = isDryRun ? NOTHING : isFixed ? progress : { ...NOTHING, problems: progress.problems };
    // Together with the stage: what a check has counted must not stand there as if it were stored.
    setProgress(from);
    const report = async (next: Progress) => {
      if (!isDryRun) await save(hash, { run: id, settings, ...next });
      setProgress(next);
    };
    try {
      await report(from);
      await send({ table, settings, isDryRun, run: id, from, signal: abort.current.signal, report });
      if (!isDryRun) await forget(hash);
      setStage(isDryRun ? "checked" : "done");
    } catch (error) {
      if (!(error instanceof ApiError)) return setStage(isDryRun ? "choose" : "checked");
      setError(error);
      setStage(isDryRun ? "choose" : "checked");
    }
  }

  const rejected = Object.keys(progress.problems).map(Number);
  const good = table.length - rejected.length;
  const wasRefused = stage !== "choose" && rejected.length > 0;
  return (
    <>
      <p>
        <Foreign>{name}</Foreign>: {t.import.rows(table.length)}
      </p>
      {noNewUsers && <p class="notice">{noNewUsers}</p>}
      {saved && stage === "checked" && <p class="notice">{t.import.resume(saved.done)}</p>}
      <fieldset class="card" disabled={isBusy || isFixed}>
        <legend class="hidden">{t.import.conflicts}</legend>
        <h2>{t.import.conflicts}</h2>
        <div class="row">
          {(["fail", "skip", "update"] satisfies OnConflict[]).map((onConflict) => (
            <label key={onConflict} class="check">
              <input
                type="radio"
                name="on_conflict"
                checked={settings.onConflict === onConflict}
                onChange={() => choose({ ...settings, onConflict })}
              />
              {t.import.onConflict[onConflict]}
            </label>
          ))}
        </div>
      </fieldset>
      <Preview
        table={table}
        mapping={settings.mapping}
        fields={fields}
        problems={stage === "choose" ? {} : progress.problems}
        isFixed={isBusy || isFixed}
        onChange={(mapping) => choose({ ...settings, mapping })}
      />
      {missing.length > 0 && <p class="problem">{t.import.missing(missing.map((field) => t.fields[field]!))}</p>}
      {error && <ErrorNotice error={error} />}
      {isBusy && (
        <div class="meter">
          <label for="progress">{stage === "checking" ? t.import.checking : t.import.importing}</label>
          <progress id="progress" value={progress.done} max={table.length} />
        </div>
      )}
      <div role="status" class="card" hidden={stage === "choose"}>
        <p>
          {stage === "done" ? <strong>{t.import.done}</strong> : stage === "checked" && !isFixed && <strong>{t.import.checked}</strong>}{" "}
          {t.import.counts(progress.counts, stage !== "done" && !isFixed)} {rejected.length > 0 && t.import.rejected(rejected.length)}
        </p>
        {(wasRefused || stage === "done") && (
          <div class="actions">
            {wasRefused && <Rejected name={name} table={table} progress={progress} />}
            {stage === "done" && (
              <a class="button" href={href("/users")}>
                {t.user.back}
              </a>
            )}
          </div>
        )}
      </div>
      {stage !== "done" && (
        <div class="actions">
          {!isFixed && (
            <button
              type="button"
              class={stage === "checked" ? "" : "primary"}
              disabled={missing.length > 0 || isBusy}
              onClick={() => start(true)}
            >
              {t.import.check}
            </button>
          )}
          {stage === "checked" && good > 0 && (
            <button type="button" class="primary" onClick={() => start(false)}>
              {isFixed ? t.import.goOn : t.import.start(good)}
            </button>
          )}
          {isBusy && (
            <button type="button" onClick={() => abort.current?.abort()}>
              {t.import.stop}
            </button>
          )}
        </div>
      )}
    </>
  );
}

/** A file of refused rows has been saved long before. */
const SAVED_AFTER_MILLISECONDS = 60_000;

/** The refused rows with their reasons, to be corrected and imported on their own. */
function Rejected({ name, table, progress }: { name: string; table: Table; progress: Progress }) {
  const download = () => {
    const rows = Object.entries(progress.problems).map(([row, problems]) => [
      ...table.columns.map((_, column) => table.cell(Number(row), column)),
      problems.map(({ message }) => message).join("; "),
    ]);
    const csv = toCsv([...table.columns, t.import.problem], rows);
    const url = URL.createObjectURL(new Blob(["\uFEFF", csv], { type: "text/csv" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `${name.replace(/\.\w+$/, "")}-rejected.csv`;
    link.click();
    // The browser reads it after this call.
    setTimeout(() => URL.revokeObjectURL(url), SAVED_AFTER_MILLISECONDS);
  };
  return (
    <button type="button" onClick={download}>
      {t.import.download(format.number(Object.keys(progress.problems).length))}
    </button>
  );
}
