// The bar on top: where one can go, and who one is.
import { useEffect, useState } from "preact/hooks";
import type { User } from "../api/client";
import { href, usePlace } from "../router";
import { signOut } from "../session";
import { t } from "../texts";
import { Foreign, nameOf } from "./basics";
import { Menu } from "./menu";

const THEME = "rollcall.theme";
const VIEWS = [
  ["/", t.nav.dashboard],
  ["/users", t.nav.users],
  ["/import", t.nav.import],
  ["/audit", t.nav.audit],
] as const;

function useTheme() {
  const [theme, setTheme] = useState(localStorage.getItem(THEME) ?? "system");
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem(THEME, theme);
  }, [theme]);
  return [theme, setTheme] as const;
}

const Account = ({ me }: { me?: User }) => (
  <>
    <span class="hidden">{t.account} </span>
    {me ? <Foreign>{nameOf(me)}</Foreign> : "…"}
  </>
);

export function Header({ me, openHelp }: { me?: User; openHelp: () => void }) {
  const { path } = usePlace();
  const [theme, setTheme] = useTheme();
  const isHere = (view: string) => (view === "/" ? path === "/" : path.startsWith(view));
  return (
    <header class="bar">
      <a class="brand" href={href("/")}>
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M8 11h9M8 16h9M8 21h6M18.5 20l2.5 2.5 4.5-6" />
        </svg>
        {t.product}
      </a>
      <nav aria-label={t.nav.label}>
        {VIEWS.map(([view, name]) => (
          <a key={view} href={href(view)} aria-current={isHere(view) ? "page" : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <Menu isAtEnd label={<Account me={me} />}>
        <label>
          {t.theme.label}
          <select value={theme} onChange={(event) => setTheme(event.currentTarget.value)}>
            <option value="system">{t.theme.system}</option>
            <option value="light">{t.theme.light}</option>
            <option value="dark">{t.theme.dark}</option>
          </select>
        </label>
        <button type="button" onClick={openHelp}>
          {t.help}
        </button>
        <button type="button" onClick={signOut}>
          {t.signOut}
        </button>
      </Menu>
    </header>
  );
}
