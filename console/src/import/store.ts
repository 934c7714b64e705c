// What a reload must not lose of an import: by the hash of its file, and without its rows or a token.
import type { Problems, Settings, Counts } from "./run";

export interface Saved {
  /** Part of every Idempotency-Key, so that another import of the same file is another one. */
  run: string;
  settings: Settings;
  /** How many rows have been sent and answered. */
  done: number;
  counts: Counts;
  problems: Problems;
}

const STORE = "imports";

function transaction<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("rollcall", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => (database.close(), resolve(request.result));
      transaction.onabort = () => (database.close(), reject(transaction.error));
    };
  });
}

export const find = (hash: string): Promise<Saved | undefined> => transaction("readonly", (store) => store.get(hash));
export const save = (hash: string, state: Saved) => transaction("readwrite", (store) => store.put(state, hash));
export const forget = (hash: string) => transaction("readwrite", (store) => store.delete(hash));

export async function hashOf(bytes: ArrayBuffer): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
