// The form of one user, its mistakes, and what happens when two people change the same user.
import { useState } from "preact/hooks";
import { ApiError, type User, type UserPatch } from "../api/client";
import { ErrorNotice, Foreign } from "../parts/basics";
import { useGuard } from "../router";
import { t } from "../texts";
import { useAccess } from "./access";
import { FlagField, focusFirstProblem, TextField } from "./field";
import { changesOf, type Draft, draftOf, EDITABLE, FLAGS, problemsOf, TEXTS } from "./fields";
import { load, update, type Version } from "./user";

interface Props {
  id: string;
  version: Version;
  isMe: boolean;
  saved: (next: Version, change: UserPatch, before: Draft) => void;
  accept: (next: Version) => void;
}

export function EditForm({ id, version, isMe, saved, accept }: Props) {
  const stored = draftOf(version.user);
  const [draft, setDraft] = useState(stored);
  const [error, setError] = useState<ApiError>();
  const [isBusy, setBusy] = useState(false);
  const { isPresent, isWritable } = useAccess();
  const change = changesOf(draft, stored);
  const isChanged = Object.keys(change).length > 0;
  useGuard(isChanged && !isBusy, t.user.unsaved);

  const problems = problemsOf(error?.details ?? []);
  const set = (field: keyof Draft) => (value: string | boolean) => setDraft({ ...draft, [field]: value });

  async function save(etag: string | null, changes: UserPatch, before: Draft) {
    setBusy(true);
    setError(undefined);
    try {
      saved(await update(id, etag, changes), changes, before);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setError(error);
      focusFirstProblem();
    } finally {
      setBusy(false);
    }
  }
  const submit = (event: Event) => {
    event.preventDefault();
    if (isChanged) void save(version.etag, change, stored);
  };
  /** The tag is asked for once more, so that a third change is not lost either. */
  const overwrite = async () => {
    const now = await load(id);
    const before = draftOf(now.user);
    // Only what was changed here, so that what others changed in other fields stays.
    await save(now.etag, change, before);
  };

  return (
    <form onSubmit={submit} noValidate>
      {TEXTS.filter(isPresent).map((field) => (
        <TextField
          key={field}
          name={field}
          type={field === "email" ? "email" : "text"}
          value={draft[field]}
          problem={problems.get(field)}
          isOptional={field === "full_name" && isWritable(field)}
          isReadOnly={!isWritable(field)}
          hint={isWritable(field) ? undefined : t.user.readOnly}
          onInput={set(field)}
        />
      ))}
      {FLAGS.filter(isPresent).map((field) => (
        <FlagField
          key={field}
          name={field}
          value={draft[field]}
          problem={problems.get(field)}
          isDisabled={isMe || !isWritable(field)}
          hint={isWritable(field) ? undefined : t.user.readOnly}
          onChange={set(field)}
        />
      ))}
      {isMe && <p class="quiet">{t.user.you}</p>}
      {error?.status === 412 ? (
        <Conflict
          draft={draft}
          current={error.body?.current as User | undefined}
          keepMine={overwrite}
          takeTheirs={() => load(id).then(accept)}
        />
      ) : (
        error && ((error.details.length === 0 || problems.has("")) && <ErrorNotice error={error} />)
      )}
      <div class="actions">
        <button type="submit" class="primary" disabled={!isChanged || isBusy}>
          {t.user.save}
        </button>
        {isChanged && (
          <button type="button" onClick={() => (setDraft(stored), setError(undefined))}>
            {t.user.discard}
          </button>
        )}
      </div>
    </form>
  );
}

function Conflict(props: { draft: Draft; current?: User; keepMine: () => void; takeTheirs: () => void }) {
  const { draft, current } = props;
  const text = (value: string | boolean | null) =>
    typeof value === "boolean" ? (value ? t.yes : t.no) : value ? <Foreign>{value}</Foreign> : t.none;
  const fields = EDITABLE.filter((field) => current && (draft[field] || null) !== (current[field] || null));
  return (
    <div class="notice bad" role="alert">
      <strong>{t.user.conflictTitle}</strong>
      <p>{t.user.conflict}</p>
      {current && (
        <table>
          <thead>
            <tr>
              <th scope="col">{t.user.field}</th>
              <th scope="col">{t.user.yours}</th>
              <th scope="col">{t.user.theirs}</th>
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <tr key={field}>
                <th scope="row">{t.fields[field]}</th>
                <td>{text(draft[field])}</td>
                <td>{text(current[field])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div class="actions">
        <button type="button" onClick={props.keepMine}>
          {t.user.keepMine}
        </button>
        <button type="button" onClick={props.takeTheirs}>
          {t.user.takeTheirs}
        </button>
      </div>
    </div>
  );
}
