// The list of users.
import { useEffect, useRef, useState } from "preact/hooks";
import { api, ask, type User, type UserList } from "../api/client";
import { ErrorNotice, Foreign, nameOf, Skeleton, Title } from "../parts/basics";
import { useKey } from "../parts/shortcuts";
import { type Resource, useDebounced, useResource } from "../resource";
import { href, navigate, usePlace, withQuery } from "../router";
import { t } from "../texts";
import { useAccess } from "./access";
import { Filters, ViewMenu } from "./filters";
import { asId, columnsOf, FILTERS, listQuery } from "./query";
import { SelectionBar, useSelection } from "./selection";
import { UsersTable } from "./table";

const DEBOUNCE_MILLISECONDS = 180;

export function UsersView() {
  const { query } = usePlace();
  const { isPresent, noNewUsers } = useAccess();
  const asked = listQuery(query);
  const list = useResource(JSON.stringify(asked), (signal) =>
    ask(api.GET("/api/v1/users", { params: { query: asked }, signal })).then(({ data }) => data),
  );
  const show = (changes: Record<string, string | undefined>, options?: { replace?: boolean }) =>
    navigate(href("/users", withQuery(query, { cursor: undefined, ...changes })), options);
  const clear = () => show(Object.fromEntries(FILTERS.map((name) => [name, undefined])));
  const { picked, clear: clearSelection } = useSelection(list.data?.items ?? []);
  // What was selected among others is not meant any more.
  const filter = FILTERS.map((name) => query.get(name)).join("\n");
  useEffect(clearSelection, [filter]);
  const isFiltered = FILTERS.some((name) => query.get(name));

  return (
    <>
      <div class="head">
        <Title text={t.users.title} />
        {!noNewUsers && (
          <a class="button primary" href={href("/users/new")}>
            {t.users.create}
          </a>
        )}
      </div>
      <search class="tools">
        <SearchBox term={query.get("search") ?? ""} show={(search) => show({ search }, { replace: true })} />
        <Filters query={query} show={show} />
        <ViewMenu query={query} show={show} />
        {isFiltered && (
          <button type="button" class="plain" onClick={clear}>
            {t.users.clear}
          </button>
        )}
      </search>
      <DirectHit term={query.get("search") ?? ""} />
      <Total list={list} />
      {list.error && <ErrorNotice error={list.error} retry={list.reload} />}
      {!list.data && list.isLoading && <Skeleton rows={8} />}
      {list.data && list.data.items.length > 0 && (
        <UsersTable
          users={list.data.items}
          columns={columnsOf(query).filter(isPresent)}
          isCompact={query.get("density") === "compact"}
          isLoading={list.isLoading}
          picked={picked}
          sort={{ by: asked.sort_by ?? "created_at", order: asked.sort_order ?? "desc" }}
          onSort={(sort_by, sort_order) => show({ sort_by, sort_order, created_from: undefined, created_to: undefined })}
        />
      )}
      {list.data && list.data.items.length === 0 && list.data.complete && !list.error && (
        <Empty isFiltered={isFiltered} clear={clear} />
      )}
      {list.data && <Pages page={list.data} query={query} />}
      {list.data && (
        <SelectionBar
          picked={picked}
          clear={clearSelection}
          users={list.data.items}
          query={asked}
          total={list.data.total ?? 0}
          isExact={list.data.total_relation === "eq"}
          reload={list.reload}
        />
      )}
    </>
  );
}

function SearchBox({ term, show }: { term: string; show: (term: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(term);
  const settled = useDebounced(text, DEBOUNCE_MILLISECONDS);
  const shown = useRef(term);
  // Typing changes the address, and the address (Back, for example) changes the text.
  useEffect(() => {
    if (settled.trim() !== shown.current) show((shown.current = settled.trim()));
  }, [settled]);
  useEffect(() => {
    if (term !== shown.current) setText((shown.current = term));
  }, [term]);
  useKey((key, event) => {
    if (key !== "/") return;
    event.preventDefault();
    input.current?.select();
  });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" || event.key === "ArrowDown") {
      event.preventDefault();
      document.querySelector<HTMLElement>("tbody a")?.focus();
    }
    if (event.key === "Escape") {
      event.preventDefault();
      if (text) setText("");
      else input.current?.blur();
    }
  };
  return (
    <div class="search">
      <label class="hidden" for="search">
        {t.users.search}
      </label>
      <input
        ref={input}
        id="search"
        type="search"
        autocomplete="off"
        spellcheck={false}
        maxLength={254}
        placeholder={t.users.placeholder}
        aria-describedby="search-hint"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <p id="search-hint" class="hidden">
        {t.users.searchHint}
      </p>
    </div>
  );
}

/** The user whose id was pasted into the search box. */
function DirectHit({ term }: { term: string }) {
  const id = asId(term.trim());
  const hit = useResource(id ?? "", async (signal) => {
    if (!id) return undefined;
    const query = { id: [id] };
    return (await ask(api.GET("/api/v1/users", { params: { query }, signal }))).data.items[0];
  });
  const user: User | undefined = id && !hit.isLoading ? hit.data : undefined;
  if (!user) return null;
  return (
    <p class="notice">
      {t.users.exact}{" "}
      <a href={href(`/users/${user.id}`)}>
        <Foreign>{nameOf(user)}</Foreign>
      </a>{" "}
      #{user.id}
    </p>
  );
}

function Total({ list }: { list: Resource<UserList> }) {
  const { data, isSlow } = list;
  return (
    <p class="total" role="status">
      {isSlow ? t.users.looking : data?.total != null && t.users.total(data.total, data.total_relation === "eq")}
    </p>
  );
}

function Empty({ isFiltered, clear }: { isFiltered: boolean; clear: () => void }) {
  const { noNewUsers } = useAccess();
  return (
    <div class="empty">
      <h2>{isFiltered ? t.users.noMatch : t.users.empty}</h2>
      <p>{isFiltered ? t.users.noMatchHint : t.users.emptyHint}</p>
      {isFiltered ? (
        <button type="button" onClick={clear}>
          {t.users.clear}
        </button>
      ) : (
        !noNewUsers && (
          <a class="button" href={href("/users/new")}>
            {t.users.create}
          </a>
        )
      )}
    </div>
  );
}

/** There are no page numbers: at ten million users nobody could be taken to page 4,711 in a moment. */
function Pages({ page, query }: { page: UserList; query: URLSearchParams }) {
  const to = (cursor?: string) => href("/users", withQuery(query, { cursor }));
  return (
    <>
      {!page.complete && (
        <p class="notice">
          {t.users.incomplete} {page.next_cursor && <a href={to(page.next_cursor)}>{t.users.goOn}</a>}
        </p>
      )}
      <nav class="pages" aria-label={t.users.pages}>
        {query.get("cursor") && <a href={to()}>{t.users.first}</a>}
        {page.prev_cursor && (
          <a href={to(page.prev_cursor)} rel="prev">
            {t.users.previous}
          </a>
        )}
        {page.next_cursor && (
          <a href={to(page.next_cursor)} rel="next">
            {t.users.next}
          </a>
        )}
      </nav>
    </>
  );
}
