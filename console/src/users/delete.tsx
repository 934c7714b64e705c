// Deleting a user, after saying what that would do.
import { useState } from "preact/hooks";
import { api, ApiError, ask } from "../api/client";
import type { components } from "../api/schema";
import { Dialog, ErrorNotice, shortName } from "../parts/basics";
import { toast } from "../parts/toasts";
import { useResource } from "../resource";
import { href, navigate } from "../router";
import { t } from "../texts";
import type { Version } from "./user";

type Reference = components["schemas"]["Reference"];

export function DeleteDialog({ id, version, onClose }: { id: string; version: Version; onClose: () => void }) {
  const path = { id };
  const header = version.etag ? { "If-Match": version.etag } : {};
  const preview = useResource(id, (signal) =>
    ask(api.DELETE("/api/v1/users/{id}", { params: { path, header, query: { dry_run: true } }, signal })).then(
      ({ data }) => data,
    ),
  );
  const [error, setError] = useState<ApiError>();
  const [isBusy, setBusy] = useState(false);
  const name = shortName(version.user);

  async function remove() {
    setBusy(true);
    setError(undefined);
    try {
      await ask(api.DELETE("/api/v1/users/{id}", { params: { path, header } }));
      onClose();
      toast(t.user.deleted(name));
      navigate(href("/users"));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setError(error);
      setBusy(false);
    }
  }

  const refusal = error ?? preview.error;
  return (
    <Dialog title={t.user.deleteTitle(name)} onClose={onClose}>
      <p>{t.user.deleteHint}</p>
      {preview.isLoading && <p role="status">{t.user.checking}</p>}
      {preview.data && <References references={preview.data.references} />}
      {refusal && (
        <>
          <ErrorNotice error={refusal} />
          {refusal.body?.references && <References references={refusal.body.references as unknown as Reference[]} />}
        </>
      )}
      <div class="actions">
        <button type="button" class="danger primary" disabled={!preview.data || isBusy} onClick={remove}>
          {t.user.deleteDo}
        </button>
        <button type="button" onClick={onClose}>
          {t.cancel}
        </button>
      </div>
    </Dialog>
  );
}

function References({ references }: { references: Reference[] }) {
  if (references.length === 0) return <p>{t.user.noReferences}</p>;
  return (
    <>
      <p>{t.user.references}</p>
      <ul>
        {references.map((reference) => (
          <li key={reference.foreign_key}>
            <code>{reference.table}</code>: {t.user.rows(reference.rows, reference.has_more)}{" "}
            {t.user.reference[reference.on_delete]}
          </li>
        ))}
      </ul>
    </>
  );
}
