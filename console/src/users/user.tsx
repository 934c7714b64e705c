// One user: fields, actions and history.
import { Fragment } from "preact";
import { useState } from "preact/hooks";
import { api, ask, type User, type UserPatch } from "../api/client";
import { Badge, CopyButton, ErrorNotice, Foreign, nameOf, Skeleton, Time, Title } from "../parts/basics";
import { toast } from "../parts/toasts";
import { useResource } from "../resource";
import { href } from "../router";
import { t } from "../texts";
import { useAccess } from "./access";
import { DeleteDialog } from "./delete";
import { EditForm } from "./edit";
import { curlOf, type Draft, inverseOf } from "./fields";
import { History } from "./history";
import { PasswordDialog } from "./password";

/** A user, and the tag by which the API knows whether it has changed since. */
export interface Version {
  user: User;
  etag: string | null;
}

const params = (id: string) => ({ path: { id } });

export const versionOf = (answer: { data: User; response: Response }): Version => ({
  user: answer.data,
  etag: answer.response.headers.get("ETag"),
});

export const load = (id: string, signal?: AbortSignal) =>
  ask(api.GET("/api/v1/users/{id}", { params: params(id), signal, cache: "no-store" })).then(versionOf);

/** Changes the user if it still is the version that somebody saw. */
export const update = (id: string, etag: string | null, body: UserPatch) =>
  ask(
    api.PATCH("/api/v1/users/{id}", {
      params: { ...params(id), header: etag ? { "If-Match": etag } : {} },
      body,
      headers: { "Content-Type": "application/merge-patch+json" },
    }),
  ).then(versionOf);

export function UserView({ id, me }: { id: string; me?: User }) {
  const version = useResource(id, (signal) => load(id, signal));
  const [dialog, setDialog] = useState<"password" | "delete">();
  // Counted, because the form begins anew with what was saved, and the history has more to tell.
  const [saves, setSaves] = useState(0);
  const [changes, setChanges] = useState(0);
  const { isPresent, isWritable } = useAccess();
  const [isHistoryOpen, setHistoryOpen] = useState(false);

  if (!version.data) {
    return (
      <>
        <Title text={t.user.title} />
        {version.error?.status === 404 ? (
          <div class="empty">
            <p>{t.user.unknown}</p>
            <a href={href("/users")}>{t.user.back}</a>
          </div>
        ) : version.error ? (
          <ErrorNotice error={version.error} retry={version.reload} />
        ) : (
          <Skeleton rows={6} />
        )}
        {version.error?.status === 404 && <History id={id} />}
      </>
    );
  }

  const { user } = version.data;
  const accept = (next: Version) => {
    version.replace(next);
    setSaves((count) => count + 1);
    setChanges((count) => count + 1);
  };
  const acceptPassword = (next: Version) => {
    version.replace(next);
    setChanges((count) => count + 1);
  };
  const saved = (next: Version, change: UserPatch, before: Draft) => {
    accept(next);
    toast(t.user.saved, () => {
      update(id, next.etag, inverseOf(change, before)).then(
        (undone) => {
          accept(undone);
          toast(t.user.undone);
        },
        (error) => toast(error.message),
      );
    });
  };

  return (
    <>
      <nav>
        <a class="back" href={href("/users")}>
          {t.user.back}
        </a>
      </nav>
      <div class="head start">
        <Title text={nameOf(user)}>
          <Foreign>{nameOf(user)}</Foreign>
        </Title>
        <p class="actions">
          <Badge kind={user.is_active ? "good" : "off"}>{user.is_active ? t.status.active : t.status.inactive}</Badge>
          {user.is_superuser && <Badge kind="key">{t.status.superuser}</Badge>}
        </p>
      </div>
      {version.error && <ErrorNotice error={version.error} retry={version.reload} />}
      <div class="columns">
        <div class="card">
          <h2>{t.user.details}</h2>
          <EditForm key={saves} id={id} version={version.data} isMe={user.id === me?.id} saved={saved} accept={accept} />
          <dl class="facts">
            <dt>{t.fields.id}</dt>
            <dd>
              <code>{user.id}</code>
            </dd>
            {(["created_at", "updated_at"] as const).filter(isPresent).map((field) => (
              <Fragment key={field}>
                <dt>{t.fields[field]}</dt>
                <dd>
                  <Time value={user[field]} />
                </dd>
              </Fragment>
            ))}
          </dl>
          <div class="actions" role="group" aria-label={t.user.actions}>
            {isWritable("password") && (
              <button type="button" onClick={() => setDialog("password")}>
                {t.user.reset}
              </button>
            )}
            <CopyButton text={JSON.stringify(user, null, 2)} label={t.user.json} />
            <CopyButton text={curlOf(user.id)} label={t.user.curl} />
            <button type="button" class="danger" onClick={() => setDialog("delete")}>
              {t.user.delete}
            </button>
          </div>
          {!isWritable("password") && <p class="quiet">{t.user.noPasswords}</p>}
        </div>
        <div class="card">
          <h2>{t.user.history}</h2>
          {isHistoryOpen ? (
            <History key={changes} id={id} />
          ) : (
            <>
              <p class="quiet">{t.user.historyHint}</p>
              <div class="actions">
                <button type="button" onClick={() => setHistoryOpen(true)}>
                  {t.user.showHistory}
                </button>
              </div>
            </>
          )}
        </div>
      </div>
      {dialog === "password" && (
        <PasswordDialog id={id} version={version.data} accept={acceptPassword} onClose={() => setDialog(undefined)} />
      )}
      {dialog === "delete" && <DeleteDialog id={id} version={version.data} onClose={() => setDialog(undefined)} />}
    </>
  );
}
