// What a change of many users would do, before it is done.
import { useState } from "preact/hooks";
import { ApiError } from "../api/client";
import { Dialog, ErrorNotice, Foreign, nameOf, Skeleton } from "../parts/basics";
import { toast } from "../parts/toasts";
import { useResource } from "../resource";
import { format, t } from "../texts";
import { type Action, preview, run, type Selection, type Skipped, type Total, undo } from "./bulk";

interface Props {
  selection: Selection;
  /** The filter, in words. */
  words?: string;
  action: Action;
  onClose: () => void;
  onDone: () => void;
}

export function BulkDialog({ selection, words, action, onClose, onDone }: Props) {
  const outcome = useResource("preview", () => preview(selection, action));
  const [progress, setProgress] = useState<Total>();
  const [error, setError] = useState<ApiError>();
  const verb = t.bulk.verbs[verbOf(action)]!;
  const shown = outcome.data;

  async function start() {
    setError(undefined);
    setProgress({ done: 0, skipped: [], requestIds: [] });
    try {
      const total = await run(selection, action, shown!.count, setProgress);
      const back = action && (() => void takeBack(total, onDone));
      toast(t.bulk.done[verbOf(action)]!(total.done, total.skipped.length), back ?? undefined);
      onDone();
      onClose();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setError(error);
      setProgress(undefined);
    }
  }
  async function takeBack(total: Total, reload: () => void) {
    try {
      toast(t.bulk.undone(await undo(total.requestIds, action!)));
      reload();
    } catch (error) {
      toast(error instanceof ApiError ? error.message || t.errors.unreachable : String(error));
    }
  }
  const again = () => {
    setError(undefined);
    outcome.reload();
  };

  return (
    <Dialog title={verb} onClose={onClose}>
      {words && (
        <p>
          {t.bulk.matching} <strong>{words}</strong>
        </p>
      )}
      {outcome.isLoading && <Skeleton rows={3} />}
      {outcome.error && <ErrorNotice error={outcome.error} retry={outcome.reload} />}
      {error && <ErrorNotice error={error} retry={again} />}
      {shown && !outcome.isLoading && (
        <>
          <p role="status">
            <strong>{t.bulk.would(shown.done, shown.count, shown.next !== null)}</strong>
          </p>
          {shown.examples.length > 0 && (
            <ul>
              {shown.examples.map((user) => (
                <li key={user.id}>
                  <Foreign>{nameOf(user)}</Foreign> {user.username && user.email && <Foreign>{user.email}</Foreign>}
                </li>
              ))}
              {shown.done > shown.examples.length && <li class="quiet">{t.bulk.more(shown.done - shown.examples.length)}</li>}
            </ul>
          )}
          <SkippedUsers skipped={shown.skipped} />
          <p class="quiet">{action ? t.bulk.undoable : t.bulk.final}</p>
        </>
      )}
      {progress && (
        <div class="meter">
          <label for="bulk-progress">{t.bulk.running}</label>
          <progress id="bulk-progress" value={progress.done + progress.skipped.length} max={shown?.count} />
        </div>
      )}
      <div class="actions">
        <button
          type="button"
          class={action ? "primary" : "danger primary"}
          disabled={!shown || outcome.isLoading || shown.done === 0 || progress !== undefined || error !== undefined}
          onClick={start}
        >
          {verb} {shown && format.number(shown.next === null ? shown.done : shown.count)}
        </button>
        <button type="button" onClick={onClose}>
          {t.cancel}
        </button>
      </div>
    </Dialog>
  );
}

export const verbOf = (action: Action) => (action === null ? "delete" : JSON.stringify(action));

function SkippedUsers({ skipped }: { skipped: Skipped[] }) {
  if (skipped.length === 0) return null;
  const reasons = new Map<string, number>();
  for (const { reason } of skipped) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return (
    <div class="notice">
      <p>{t.bulk.skipped}</p>
      <ul>
        {[...reasons].map(([reason, count]) => (
          <li key={reason}>{t.bulk.reasons[reason]?.(count) ?? `${reason}: ${format.number(count)}`}</li>
        ))}
      </ul>
    </div>
  );
}
