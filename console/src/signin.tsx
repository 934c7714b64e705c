// Signing in: with the identity provider, or with a pasted token.
import { useEffect, useState } from "preact/hooks";
import { ApiError, type User } from "./api/client";
import { messageOf, shortName, Title } from "./parts/basics";
import { type Config, loadConfig, signIn, signOut } from "./session";
import { t } from "./texts";

export function SignIn({ hasExpired }: { hasExpired: boolean }) {
  const [config, setConfig] = useState<Config>();
  useEffect(() => void loadConfig().then(setConfig, () => setProblem(t.errors.unreachable)), []);
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);

  async function submit(event: Event) {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    const value = token.trim().replace(/^Bearer /i, "");
    try {
      // Asked by hand: a refused token must not become the session.
      const response = await fetch("/api/v1/me", { headers: { Authorization: `Bearer ${value}` } });
      if (response.ok) return signIn(value);
      const body = await response.json().catch(() => ({}));
      const refused = new ApiError(response.status, body.error ?? "unknown", body.message ?? "");
      setProblem(response.status === 401 ? t.signIn.refused : messageOf(refused));
    } catch (error) {
      // A token with characters that no header may have cannot be sent.
      setProblem(navigator.onLine && error instanceof TypeError && /[^\x21-\x7e]/.test(value) ? t.signIn.refused : t.errors.unreachable);
    }
    setBusy(false);
  }

  async function start() {
    setBusy(true);
    try {
      const { startSignIn } = await import("./oidc");
      await startSignIn(config!.oidc!);
    } catch (error) {
      setProblem(`${t.signIn.failed} ${error instanceof Error ? error.message : error}`);
      setBusy(false);
    }
  }

  return (
    <main class="card narrow">
      <Title text={t.signIn.title} />
      {hasExpired && (
        <p class="notice" role="status">
          {t.signIn.expired}
        </p>
      )}
      {config?.oidc ? (
        <button type="button" class="primary" disabled={isBusy} onClick={start}>
          {t.signIn.provider}
        </button>
      ) : (
        <form onSubmit={submit}>
          <label for="token">{t.signIn.token}</label>
          <input
            id="token"
            type="password"
            autocomplete="off"
            spellcheck={false}
            required
            value={token}
            aria-describedby="token-hint token-problem"
            aria-invalid={problem ? true : undefined}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
          <p id="token-hint" class="quiet">
            {t.signIn.hint}
          </p>
          <button type="submit" class="primary" disabled={isBusy}>
            {t.signIn.submit}
          </button>
        </form>
      )}
      <p id="token-problem" class="problem" role="alert">
        {problem}
      </p>
    </main>
  );
}

export const NotAllowed = ({ user }: { user: User }) => (
  <main class="card narrow">
    <Title text={t.signIn.title} />
    <p>{t.signIn.forbidden(shortName(user))}</p>
    <p>{t.signIn.forbiddenHint}</p>
    <button type="button" onClick={signOut}>
      {t.signOut}
    </button>
  </main>
);
