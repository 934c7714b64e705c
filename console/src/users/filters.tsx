// The filters of the list, and how it is shown.
import { Menu } from "../parts/menu";
import { t } from "../texts";
import { useAccess } from "./access";
import { type Column, COLUMNS, columnsOf, listQuery, SIZES } from "./query";

interface Props {
  query: URLSearchParams;
  show: (changes: Record<string, string | undefined>) => void;
}

export function Filters({ query, show }: Props) {
  const { isPresent } = useAccess();
  const isSearching = Boolean(query.get("search"));
  const hasDates = Boolean(query.get("created_from") || query.get("created_to"));
  return (
    <fieldset>
      <legend class="hidden">{t.users.filters}</legend>
      {isPresent("is_active") && (
        <Choice
          label={t.users.status}
          value={query.get("is_active") ?? ""}
          options={[
            ["true", t.status.active],
            ["false", t.status.inactive],
          ]}
          onChange={(is_active) => show({ is_active })}
        />
      )}
      {isPresent("is_superuser") && (
        <Choice
          label={t.users.role}
          value={query.get("is_superuser") ?? ""}
          options={[
            ["true", t.status.superuser],
            ["false", t.status.user],
          ]}
          onChange={(is_superuser) => show({ is_superuser })}
        />
      )}
      {isPresent("created_at") && (
        <Menu label={t.users.created} isSet={hasDates}>
          <DateField
            label={t.users.from}
            value={query.get("created_from")}
            onChange={(created_from) => show({ created_from, sort_by: undefined })}
          />
          <DateField
            label={t.users.to}
            value={query.get("created_to")}
            onChange={(created_to) => show({ created_to, sort_by: undefined })}
          />
          {hasDates && <p class="quiet">{isSearching ? t.users.rangeWithSearch : t.users.rangeSort}</p>}
        </Menu>
      )}
    </fieldset>
  );
}

export function Choice(props: {
  label: string;
  value: string;
  options: [string, string][];
  onChange: (value: string) => void;
}) {
  return (
    <label class={props.value ? "filter set" : "filter"}>
      <span>{props.label}</span>
      <select value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
        <option value="">{t.users.any}</option>
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function DateField(props: { label: string; value: string | null; onChange: (value: string) => void }) {
  return (
    <label>
      {props.label}
      <input
        type="date"
        value={props.value?.slice(0, 10) ?? ""}
        onChange={(event) => props.onChange(event.currentTarget.value)}
      />
    </label>
  );
}

export function ViewMenu({ query, show }: Props) {
  const { isPresent } = useAccess();
  const columns = columnsOf(query);
  const cursor = query.get("cursor") ?? undefined;
  const toggle = (column: Column) => {
    const next = COLUMNS.filter((name) => columns.includes(name) !== (name === column));
    show({ columns: next.join(",") || "none", cursor });
  };
  return (
    <Menu label={t.users.view}>
      <fieldset>
        <legend>{t.users.columns}</legend>
        {COLUMNS.filter(isPresent).map((column) => (
          <label key={column} class="check">
            <input type="checkbox" checked={columns.includes(column)} onChange={() => toggle(column)} />
            {t.fields[column]}
          </label>
        ))}
      </fieldset>
      <label class="check">
        <input
          type="checkbox"
          checked={query.get("density") === "compact"}
          onChange={(event) => show({ density: event.currentTarget.checked ? "compact" : undefined, cursor })}
        />
        {t.users.density}
      </label>
      <label>
        {t.users.size}
        <select value={listQuery(query).size} onChange={(event) => show({ size: event.currentTarget.value })}>
          {SIZES.map((size) => (
            <option key={size}>{size}</option>
          ))}
        </select>
      </label>
    </Menu>
  );
}
