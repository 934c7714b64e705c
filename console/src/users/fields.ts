// The fields of a user that a person changes.
import type { Detail, User, UserPatch } from "../api/client";

export const TEXTS = ["username", "email", "full_name"] as const;
export const FLAGS = ["is_active", "is_superuser"] as const;
export const EDITABLE = [...TEXTS, ...FLAGS] as const;
export type Editable = (typeof EDITABLE)[number];
export type Draft = Pick<User, Editable>;

export const draftOf = (user: User): Draft => ({
  username: user.username,
  email: user.email,
  full_name: user.full_name,
  is_active: user.is_active,
  is_superuser: user.is_superuser,
});

/** What of a draft differs from what is stored. Text that was emptied is `null`. */
export function changesOf(draft: Draft, stored: Draft): UserPatch {
  const changed = EDITABLE.filter((field) => (draft[field] === "" ? null : draft[field]) !== stored[field]);
  return Object.fromEntries(changed.map((field) => [field, draft[field] === "" ? null : draft[field]])) as UserPatch;
}

/** What takes a change back. */
export const inverseOf = (change: UserPatch, before: Draft) =>
  Object.fromEntries(Object.keys(change).map((field) => [field, before[field as Editable]])) as UserPatch;

/** Each field's mistakes in one sentence. */
export function problemsOf(details: Detail[]): Map<string, string> {
  const problems = new Map<string, string>();
  for (const { field, message } of details) {
    const key = field ?? "";
    problems.set(key, [problems.get(key), message].filter(Boolean).join("; "));
  }
  return problems;
}

export const curlOf = (id: User["id"]) =>
  `curl -s -H "Authorization: Bearer $TOKEN" "${location.origin}/api/v1/users/${id}"`;
