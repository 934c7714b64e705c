// What the address says of the list, and what the API is asked then.
import type { paths } from "../api/schema";

export type ListQuery = NonNullable<paths["/api/v1/users"]["get"]["parameters"]["query"]>;
type SortBy = NonNullable<ListQuery["sort_by"]>;

export const COLUMNS = ["email", "full_name", "is_active", "is_superuser", "created_at", "updated_at", "id"] as const;
export type Column = (typeof COLUMNS)[number];
const DEFAULT_COLUMNS: Column[] = ["email", "full_name", "is_active", "is_superuser", "created_at"];
export const SIZES = [25, 50, 100];
const DEFAULT_SIZE = 50;

/** The parameters that choose users. All others choose how they are shown. */
export const FILTERS = ["search", "is_active", "is_superuser", "created_from", "created_to"] as const;

export const columnsOf = (query: URLSearchParams): readonly Column[] => {
  const named = query.get("columns")?.split(",");
  return named ? COLUMNS.filter((column) => named.includes(column)) : DEFAULT_COLUMNS;
};

const flag = (value: string | null) => (value === "true" ? true : value === "false" ? false : undefined);

/** Only what the API takes together: a term excludes dates, and dates ask for the order of creation. */
export function listQuery(query: URLSearchParams): ListQuery {
  const search = query.get("search")?.trim() || undefined;
  const created_from = (!search && query.get("created_from")) || undefined;
  const created_to = (!search && query.get("created_to")) || undefined;
  const hasDates = created_from !== undefined || created_to !== undefined;
  const size = Number(query.get("size"));
  return {
    search,
    is_active: flag(query.get("is_active")),
    is_superuser: flag(query.get("is_superuser")),
    created_from,
    created_to,
    sort_by: hasDates ? undefined : ((query.get("sort_by") as SortBy) ?? undefined),
    sort_order: (query.get("sort_order") as ListQuery["sort_order"]) ?? undefined,
    size: SIZES.includes(size) ? size : DEFAULT_SIZE,
    cursor: query.get("cursor") ?? undefined,
  };
}

/** What a term may be besides words: the id of one user. */
export const asId = (term: string) =>
  /^(\d{1,19}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.test(term) ? term : undefined;
