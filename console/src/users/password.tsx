// A new password, made here and shown once.
import { useState } from "preact/hooks";
import { ApiError } from "../api/client";
import { CopyButton, Dialog, ErrorNotice } from "../parts/basics";
import { t } from "../texts";
import { update, type Version } from "./user";

/** Without characters that look like others: five groups of four are 98 bits. */
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS = 5;
const GROUP = 4;

function randomPassword(): string {
  // Bytes beyond the last multiple are thrown away, so that all letters are equally likely.
  const limit = 256 - (256 % LETTERS.length);
  let letters = "";
  while (letters.length < GROUPS * GROUP) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    if (byte! < limit) letters += LETTERS[byte! % LETTERS.length];
  }
  return letters.match(new RegExp(`.{${GROUP}}`, "g"))!.join("-");
}

interface Props {
  id: string;
  version: Version;
  accept: (next: Version) => void;
  onClose: () => void;
}

export function PasswordDialog({ id, version, accept, onClose }: Props) {
  const [password, setPassword] = useState<string>();
  const [error, setError] = useState<ApiError>();
  const [isBusy, setBusy] = useState(false);

  async function reset() {
    setBusy(true);
    setError(undefined);
    const next = randomPassword();
    try {
      accept(await update(id, version.etag, { password: next }));
      setPassword(next);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setError(error);
    }
    setBusy(false);
  }

  return (
    <Dialog title={t.user.reset} onClose={onClose}>
      {password ? (
        <>
          <p>{t.user.once}</p>
          <p>
            <span class="hidden">{t.user.newPassword}: </span>
            <code class="secret">{password}</code>
          </p>
          <div class="actions">
            <CopyButton text={password} />
          </div>
        </>
      ) : (
        <>
          <p>{t.user.resetHint}</p>
          {error && <ErrorNotice error={error} />}
          <div class="actions">
            <button type="button" class="primary" disabled={isBusy} onClick={reset}>
              {t.user.resetDo}
            </button>
          </div>
        </>
      )}
    </Dialog>
  );
}
