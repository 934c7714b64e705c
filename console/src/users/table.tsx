// The rows of a page of users.
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { User } from "../api/client";
import { Badge, Foreign, nameOf, shortName, Time } from "../parts/basics";
import { useKey } from "../parts/shortcuts";
import { href } from "../router";
import { t } from "../texts";
import { useAccess } from "./access";
import type { Column, ListQuery } from "./query";
import type { Picked } from "./selection";

type SortBy = NonNullable<ListQuery["sort_by"]>;
type SortOrder = NonNullable<ListQuery["sort_order"]>;
const SORTABLE: readonly string[] = ["username", "email", "created_at"] satisfies SortBy[];

interface Props {
  users: User[];
  columns: readonly Column[];
  isCompact: boolean;
  isLoading: boolean;
  sort: { by: SortBy; order: SortOrder };
  onSort: (by: SortBy, order: SortOrder) => void;
  picked: Picked;
}

export function UsersTable({ users, columns, isCompact, isLoading, sort, onSort, picked }: Props) {
  // The name that stands first.
  const name = useAccess().isPresent("username") ? "username" : "email";
  const others = columns.filter((column) => column !== name);
  const body = useRef<HTMLTableSectionElement>(null);
  useKey((key, event) => {
    const links = [...body.current!.querySelectorAll<HTMLElement>("th a")];
    const here = links.findIndex((link) => link.closest("tr")!.contains(document.activeElement));
    if (key === "j" || key === "k") {
      event.preventDefault();
      const step = key === "j" ? 1 : -1;
      links[here < 0 ? 0 : Math.min(Math.max(here + step, 0), links.length - 1)]?.focus();
    }
    if (key.toLowerCase() === "x" && here >= 0) {
      event.preventDefault();
      picked.toggle(users[here]!, event.shiftKey);
    }
  });
  const selectedHere = users.filter(({ id }) => picked.ids.has(id)).length;
  const header = (column: string) => (
    <SortableHeader key={column} column={column} sort={sort} onSort={onSort} />
  );
  return (
    <div class="scroll" aria-busy={isLoading}>
      <table class={isCompact ? "users compact" : "users"}>
        <caption class="hidden">{t.users.caption}</caption>
        <thead>
          <tr>
            <th class="pick" scope="col">
              <input
                type="checkbox"
                aria-label={t.users.selectPage}
                checked={selectedHere === users.length}
                indeterminate={selectedHere > 0 && selectedHere < users.length}
                onChange={picked.togglePage}
              />
            </th>
            {header(name)}
            {others.map(header)}
          </tr>
        </thead>
        <tbody ref={body}>
          {users.map((user) => (
            <tr key={user.id} class={picked.ids.has(user.id) ? "selected" : undefined}>
              <td class="pick">
                <input
                  type="checkbox"
                  aria-label={t.users.select(shortName(user))}
                  checked={picked.ids.has(user.id)}
                  onClick={(event) => picked.toggle(user, event.shiftKey)}
                />
              </td>
              <th scope="row">
                <a href={href(`/users/${encodeURIComponent(user.id)}`)}>
                  <Foreign>{nameOf(user)}</Foreign>
                </a>
              </th>
              {others.map((column) => (
                <td key={column} data-label={t.fields[column]}>
                  {cell(user, column)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function SortableHeader({ column, sort, onSort }: Pick<Props, "sort" | "onSort"> & { column: string }) {
  const name = t.users.headings[column] ?? t.fields[column]!;
  if (!SORTABLE.includes(column)) return <th scope="col">{name}</th>;
  const isSorted = sort.by === column;
  const next = isSorted && sort.order === "asc" ? "desc" : isSorted || column !== "created_at" ? "asc" : "desc";
  return (
    <th scope="col" aria-sort={!isSorted ? undefined : sort.order === "asc" ? "ascending" : "descending"}>
      <button type="button" class="plain" onClick={() => onSort(column as SortBy, next)}>
        {name}
      </button>
    </th>
  );
}

function cell(user: User, column: Column): ComponentChildren {
  switch (column) {
    case "is_active":
      return user.is_active ? <Badge kind="good">{t.status.active}</Badge> : <Badge kind="off">{t.status.inactive}</Badge>;
    case "is_superuser":
      return user.is_superuser ? <Badge kind="key">{t.status.superuser}</Badge> : <span class="quiet">{t.status.user}</span>;
    case "created_at":
    case "updated_at":
      return <Time value={user[column]} />;
    case "id":
      return <code>{user.id}</code>;
    default:
      return user[column] ? <Foreign>{user[column]}</Foreign> : <span class="quiet">{t.none}</span>;
  }
}
