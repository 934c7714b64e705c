// Who is signed in. The token is in memory and in the tab's own storage, which ends with the tab.
import { useEffect, useState } from "preact/hooks";

const TOKEN = "rollcall.token";

export interface Config {
  oidc: { issuer: string; client_id: string; scopes: string } | null;
  token: string | null;
}

export type Session = { state: "out" } | { state: "expired" } | { state: "in"; token: string };

const stored = sessionStorage.getItem(TOKEN);
let session: Session = stored ? { state: "in", token: stored } : { state: "out" };
const listeners = new Set<() => void>();

function change(next: Session) {
  session = next;
  if (next.state === "in") sessionStorage.setItem(TOKEN, next.token);
  else sessionStorage.removeItem(TOKEN);
  for (const listener of listeners) listener();
}

export const token = () => (session.state === "in" ? session.token : undefined);
export const signIn = (value: string) => change({ state: "in", token: value });
export const signOut = () => change({ state: "out" });

/** The API has refused the token. */
export function expire() {
  if (session.state === "in") change({ state: "expired" });
}

export function useSession(): Session {
  const [value, setValue] = useState(session);
  useEffect(() => {
    const listener = () => setValue(session);
    listeners.add(listener);
    listener();
    return () => void listeners.delete(listener);
  }, []);
  return value;
}

let config: Promise<Config> | undefined;

/** How people sign in: asked once. */
export const loadConfig = () =>
  (config ??= fetch("/console/config.json").then((response) => {
    if (response.ok) return response.json();
    throw new Error(`config.json: ${response.status}`);
  }));
