// What users have in this deployment, and what can be written: in the table of another application, not everything.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Me } from "../api/client";

/** What the API has said; until it has, everything. */
export const Access = createContext<Me | undefined>(undefined);

export function useAccess() {
  const me = useContext(Access);
  return {
    isPresent: (field: string) => me?.fields[field]?.is_present ?? true,
    isWritable: (field: string) => me?.fields[field]?.is_writable ?? true,
    noNewUsers: me?.no_new_users ?? undefined,
  };
}
