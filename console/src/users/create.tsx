// A new user.
import { useRef, useState } from "preact/hooks";
import { api, ApiError, ask } from "../api/client";
import { ErrorNotice, shortName, Title } from "../parts/basics";
import { toast } from "../parts/toasts";
import { href, navigate, useGuard } from "../router";
import { t } from "../texts";
import { useAccess } from "./access";
import { FlagField, focusFirstProblem, TextField } from "./field";
import { problemsOf } from "./fields";

const EMPTY = { username: "", email: "", full_name: "", password: "", is_active: true, is_superuser: false };

export function CreateUser() {
  const { isWritable, noNewUsers } = useAccess();
  const [draft, setDraft] = useState(EMPTY);
  const [error, setError] = useState<ApiError>();
  const [isBusy, setBusy] = useState(false);
  // A form that is sent twice, because the first answer was lost, makes one user.
  const key = useRef<{ body: string; key: string }>(undefined);
  const isChanged = JSON.stringify(draft) !== JSON.stringify(EMPTY);
  useGuard(isChanged && !isBusy, t.user.unsaved);
  const problems = problemsOf(error?.details ?? []);
  const set = (field: keyof typeof EMPTY) => (value: string | boolean) => setDraft({ ...draft, [field]: value });

  async function submit(event: Event) {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    const given = Object.fromEntries(Object.entries(draft).filter(([field]) => isWritable(field))) as typeof draft;
    const body = JSON.stringify(given);
    if (key.current?.body !== body) key.current = { body, key: crypto.randomUUID() };
    const header = { "Idempotency-Key": key.current.key };
    try {
      const { data } = await ask(api.POST("/api/v1/users", { params: { header }, body: given }));
      toast(t.user.created(shortName(data)));
      navigate(href(`/users/${encodeURIComponent(data.id)}`));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setBusy(false);
      setError(error);
      focusFirstProblem();
    }
  }

  return (
    <>
      <nav>
        <a class="back" href={href("/users")}>
          {t.user.back}
        </a>
      </nav>
      <Title text={t.user.createTitle} />
      {noNewUsers && <p class="notice">{noNewUsers}</p>}
      <form class="card form" onSubmit={submit} noValidate>
        {isWritable("username") && (
          <TextField name="username" value={draft.username} problem={problems.get("username")} isRequired onInput={set("username")} />
        )}
        {isWritable("email") && (
          <TextField name="email" type="email" value={draft.email} problem={problems.get("email")} isRequired onInput={set("email")} />
        )}
        {isWritable("full_name") && (
          <TextField name="full_name" value={draft.full_name} problem={problems.get("full_name")} isOptional onInput={set("full_name")} />
        )}
        {isWritable("password") && (
          <TextField
            name="password"
            type="password"
            value={draft.password}
            problem={problems.get("password")}
            hint={t.user.passwordHint}
            isOptional
            onInput={set("password")}
          />
        )}
        {isWritable("is_active") && (
          <FlagField name="is_active" value={draft.is_active} onChange={set("is_active")} />
        )}
        {isWritable("is_superuser") && (
          <FlagField name="is_superuser" value={draft.is_superuser} onChange={set("is_superuser")} />
        )}
        {error && (error.details.length === 0 || problems.has("")) && <ErrorNotice error={error} />}
        <div class="actions">
          <button type="submit" class="primary" disabled={isBusy || noNewUsers !== undefined}>
            {t.user.create}
          </button>
          <a class="button" href={href("/users")}>
            {t.cancel}
          </a>
        </div>
      </form>
    </>
  );
}
