// The API, typed from openapi.json, and its errors as one class.
import createClient from "openapi-fetch";
import { expire, token } from "../session";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type User = Schemas["User"];
export type Me = Schemas["Me"];
export type UserId = Schemas["UserId"];
export type UserPatch = Schemas["UserPatch"];
export type UserList = Schemas["UserList"];
export type AuditEntry = Schemas["AuditEntry"];
export type Detail = Schemas["Detail"];
export type ErrorBody = Schemas["Error"];

// openapi-fetch reads `fetch` once; tests and extensions may replace it later.
export const api = createClient<paths>({ fetch: (request) => fetch(request) });

const CONSISTENCY = "X-Consistency-Token";
/** What the last change has answered: reads that send it see that change, also where replicas answer them. */
let written: string | null = null;

api.use({
  onRequest({ request }) {
    const bearer = token();
    if (bearer) request.headers.set("Authorization", `Bearer ${bearer}`);
    if (written && request.method === "GET") request.headers.set(CONSISTENCY, written);
  },
  onResponse({ response }) {
    written = response.headers.get(CONSISTENCY) ?? written;
  },
});

/** What went wrong: an answer of the API, or none (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId?: string,
    readonly details: Detail[] = [],
    readonly body?: ErrorBody,
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

/** The data of an answer. Throws an `ApiError`, or an `AbortError` if the request was cancelled. */
export async function ask<T>(
  request: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<{ data: T; response: Response }> {
  let answer;
  try {
    answer = await request;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, navigator.onLine ? "unreachable" : "offline", "");
  }
  const { data, error, response } = answer;
  if (response.ok) return { data: data as T, response };
  // Gateways answer in words of their own.
  const body = (typeof error === "object" && error !== null ? error : {}) as Partial<ErrorBody>;
  const requestId = body.request_id ?? response.headers.get("X-Request-Id") ?? undefined;
  if (response.status === 401) expire();
  throw new ApiError(
    response.status,
    body.error ?? "unknown",
    body.message ?? response.statusText,
    requestId,
    body.details,
    body as ErrorBody,
    Number(response.headers.get("Retry-After")) || undefined,
  );
}
