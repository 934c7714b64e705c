// The address bar is the state: every view can be reloaded, sent to somebody, and left with Back.
import { useEffect, useState } from "preact/hooks";

const ROOT = "/console";
const listeners = new Set<() => void>();

/** Asked before a view is left; `false` stays. */
let guard: (() => boolean) | undefined;
let current = location.href;

export interface Place {
  /** Below /console, such as `/users/7`. */
  path: string;
  query: URLSearchParams;
}

const read = (): Place => ({
  path: location.pathname.slice(ROOT.length).replace(/\/+$/, "") || "/",
  query: new URLSearchParams(location.search),
});

const tell = () => {
  current = location.href;
  for (const listener of listeners) listener();
};

export const href = (path: string, query?: URLSearchParams) => {
  const text = query?.toString();
  return ROOT + (path === "/" ? "" : path) + (text ? `?${text}` : "");
};

/** Shows another place. */
export function navigate(to: string, options: { replace?: boolean } = {}) {
  const path = new URL(to, location.origin).pathname;
  if (path !== location.pathname && guard && !guard()) return;
  history[options.replace ? "replaceState" : "pushState"](null, "", to);
  tell();
}

/** The query with some parameters changed, and others removed by `undefined` or the empty text. */
export function withQuery(query: URLSearchParams, changes: Record<string, string | undefined>) {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  return next;
}

export function usePlace(): Place {
  const [place, setPlace] = useState(read);
  useEffect(() => {
    const listener = () => setPlace(read());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return place;
}

/** Asks before unsaved work is lost. */
export function useGuard(isActive: boolean, question: string) {
  useEffect(() => {
    if (!isActive) return;
    const leave = (event: BeforeUnloadEvent) => event.preventDefault();
    guard = () => confirm(question);
    addEventListener("beforeunload", leave);
    return () => {
      guard = undefined;
      removeEventListener("beforeunload", leave);
    };
  }, [isActive, question]);
}

addEventListener("popstate", () => {
  const stays = new URL(current).pathname !== location.pathname && guard && !guard();
  if (stays) history.pushState(null, "", current);
  else tell();
});

// Links are plain; those of this page are followed without loading it again.
addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element && event.target.closest("a");
  if (!link || link.target || link.hasAttribute("download")) return;
  if (link.origin !== location.origin || !`${link.pathname}/`.startsWith(`${ROOT}/`)) return;
  event.preventDefault();
  navigate(link.href);
});
