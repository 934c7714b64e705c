// Which rows are selected, and what can be done with them.
import { useState } from "preact/hooks";
import type { User, UserId } from "../api/client";
import { useKey } from "../parts/shortcuts";
import { format, t } from "../texts";
import { useAccess } from "./access";
import type { Action, Selection } from "./bulk";
import { BulkDialog, verbOf } from "./bulk_dialog";
import type { ListQuery } from "./query";

export interface Picked {
  ids: Set<UserId>;
  /** Selects or deselects a row, or all rows from the last one to it. */
  toggle: (user: User, isRange: boolean) => void;
  togglePage: () => void;
}

export function useSelection(users: User[]) {
  const [ids, setIds] = useState<Set<UserId>>(new Set());
  const [last, setLast] = useState<UserId>();
  const change = (changed: User[], isSelected: boolean) => {
    const next = new Set(ids);
    for (const { id } of changed) {
      if (isSelected) next.add(id);
      else next.delete(id);
    }
    setIds(next);
  };
  const picked: Picked = {
    ids,
    toggle: (user, isRange) => {
      const position = (id?: UserId) => users.findIndex((other) => other.id === id);
      const [from, to] = [isRange ? position(last) : -1, position(user.id)];
      const range = from < 0 ? [user] : users.slice(Math.min(from, to), Math.max(from, to) + 1);
      change(range, !ids.has(user.id));
      setLast(user.id);
    },
    togglePage: () => change(users, !users.every(({ id }) => ids.has(id))),
  };
  return { picked, clear: () => setIds(new Set()) };
}

const ACTIONS: Action[] = [
  { is_active: false },
  { is_active: true },
  { is_superuser: true },
  { is_superuser: false },
  null,
];

interface Props {
  picked: Picked;
  clear: () => void;
  users: User[];
  query: ListQuery;
  /** How many users match the filter. */
  total: number;
  isExact: boolean;
  reload: () => void;
}

/** The bar below the list. */
export function SelectionBar({ picked, clear, users, query, total, isExact, reload }: Props) {
  const { isWritable } = useAccess();
  const [isAll, setAll] = useState(false);
  const [action, setAction] = useState<Action>();
  const size = picked.ids.size;
  const end = () => {
    setAll(false);
    clear();
  };
  useKey((key) => {
    if (key === "Escape" && size > 0) end();
  });
  if (size === 0) return null;
  const isWholePage = users.every(({ id }) => picked.ids.has(id));
  const { search, is_active, is_superuser, created_from, created_to } = query;
  const filter = { search, is_active, is_superuser, created_from, created_to };
  const selection: Selection = isAll ? { filter } : { ids: [...picked.ids] };
  const count = isAll ? `${format.number(total)}${isExact ? "" : "+"}` : format.number(size);
  return (
    <div class="selection" role="region" aria-label={t.bulk.selection}>
      <p role="status">
        <strong>{t.bulk.selected(count)}</strong>{" "}
        {isWholePage && !isAll && total > size && (
          <button type="button" class="plain" onClick={() => setAll(true)}>
            {t.bulk.selectAll(`${format.number(total)}${isExact ? "" : "+"}`)}
          </button>
        )}
      </p>
      <div class="actions">
        {ACTIONS.filter((action) => Object.keys(action ?? {}).every(isWritable)).map((action) => (
          <button
            key={verbOf(action)}
            type="button"
            class={action ? undefined : "danger"}
            onClick={() => setAction(action)}
          >
            {t.bulk.verbs[verbOf(action)]}
          </button>
        ))}
        <button type="button" class="plain" onClick={end}>
          {t.bulk.clear}
        </button>
      </div>
      {action !== undefined && (
        <BulkDialog
          selection={selection}
          words={isAll ? t.bulk.words(filter) : undefined}
          action={action}
          onClose={() => setAction(undefined)}
          onDone={() => {
            end();
            reload();
          }}
        />
      )}
    </div>
  );
}
