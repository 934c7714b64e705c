// Small parts that every view uses.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { ApiError, User } from "../api/client";
import { format, t } from "../texts";

/** A value that somebody else wrote: any script, any direction, any length. */
export const Foreign = ({ children }: { children: string }) => (
  <bdi class="foreign" title={children.length > 30 ? children.slice(0, 500) : undefined}>
    {children}
  </bdi>
);

export const nameOf = (user: Pick<User, "id" | "username" | "email">) =>
  user.username ?? user.email ?? `#${user.id}`;

/** For sentences and labels, where no CSS cuts. The marks keep the name's direction to itself. */
export const shortName = (user: Pick<User, "id" | "username" | "email">) => {
  const name = [...nameOf(user)];
  return `\u2068${name.length > 60 ? name.slice(0, 60).join("") + "…" : name.join("")}\u2069`;
};

export const Time = ({ value }: { value: string | null | undefined }) =>
  value ? (
    <time dateTime={value} title={format.utc(value)}>
      {format.time(value)}
    </time>
  ) : (
    <span class="quiet">{t.none}</span>
  );

/** The heading of a view. It takes the focus when the view opens, so that screen readers say where one is. */
export function Title({ children, text }: { children?: ComponentChildren; text: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${text} · ${t.product}`;
  }, [text]);
  useEffect(() => {
    if (document.activeElement === document.body || document.activeElement === null) heading.current?.focus();
  }, []);
  return (
    <h1 tabIndex={-1} ref={heading}>
      {children ?? text}
    </h1>
  );
}

export function messageOf(error: ApiError): string {
  switch (error.code) {
    case "offline":
    case "unreachable":
    case "database_unavailable":
    case "request_timeout":
    case "internal":
      return t.errors[error.code];
    case "rate_limited":
      return t.errors.rate_limited(error.retryAfter ?? 1);
    case "unauthorized":
      return t.errors.expired;
    case "forbidden":
      return t.errors.forbidden;
    default:
      return error.message || t.errors.unknown(error.status);
  }
}

export function ErrorNotice({ error, retry }: { error: ApiError; retry?: () => void }) {
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>{t.errors.title}.</strong> {messageOf(error)}
      </p>
      {error.requestId && (
        <p class="quiet">
          {t.requestId}: <code>{error.requestId}</code>
        </p>
      )}
      {retry && (
        <button type="button" onClick={retry}>
          {t.retry}
        </button>
      )}
    </div>
  );
}

export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren; wide?: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const element = dialog.current!;
    element.showModal();
    return () => element.close();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={title} class={props.wide ? "wide" : undefined} onClose={props.onClose}>
      <header>
        <h2 id={title}>{props.title}</h2>
        <button type="button" class="plain" aria-label={t.close} onClick={() => dialog.current!.close()}>
          ✕
        </button>
      </header>
      {props.children}
    </dialog>
  );
}

export function CopyButton({ text, label = t.copy }: { text: string; label?: string }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = () => navigator.clipboard.writeText(text).then(() => setCopied(true));
  return (
    <button type="button" onClick={copy}>
      {isCopied ? t.copied : label}
    </button>
  );
}

export const Skeleton = ({ rows }: { rows: number }) => (
  <div class="skeleton" role="status">
    <span class="hidden">{t.loading}</span>
    {Array.from({ length: rows }, (_, row) => (
      <div key={row} />
    ))}
  </div>
);

export const Badge = ({ kind, children }: { kind: "good" | "off" | "key" | "bad"; children: ComponentChildren }) => (
  <span class={`badge ${kind}`}>{children}</span>
);
