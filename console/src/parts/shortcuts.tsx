// Single-key shortcuts. People who speak to their computer can turn them off (WCAG 2.1.4).
import { useEffect, useRef, useState } from "preact/hooks";
import { href, navigate } from "../router";
import { t } from "../texts";
import { Dialog } from "./basics";

const SETTING = "rollcall.shortcuts";
let isEnabled = localStorage.getItem(SETTING) !== "off";

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.matches("input:not([type=checkbox], [type=radio]), select, textarea");

/** Calls `act` for a key, unless somebody types, a dialog is open or shortcuts are off. */
export function useKey(act: (key: string, event: KeyboardEvent) => void) {
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key !== "Escape" && (!isEnabled || isTyping(event.target))) return;
      if (document.querySelector("dialog[open]")) return;
      act(event.key, event);
    };
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  });
}

const PLACES: Record<string, string> = { d: "/", u: "/users", i: "/import", a: "/audit" };

export function Shortcuts({ isOpen, setOpen }: { isOpen: boolean; setOpen: (isOpen: boolean) => void }) {
  // No state: the next key may come before the page is drawn again.
  const isGoing = useRef(false);
  useKey((key, event) => {
    const wasGoing = isGoing.current;
    isGoing.current = key === "g";
    if (wasGoing && PLACES[key]) navigate(href(PLACES[key]));
    else if (key === "n") navigate(href("/users/new"));
    else if (key === "?") setOpen(true);
    else if (key !== "g") return;
    event.preventDefault();
  });
  const [enabled, setEnabled] = useState(isEnabled);
  const toggle = (value: boolean) => {
    isEnabled = value;
    localStorage.setItem(SETTING, value ? "on" : "off");
    setEnabled(value);
  };
  if (!isOpen) return null;
  return (
    <Dialog title={t.shortcuts.title} onClose={() => setOpen(false)}>
      <table class="keys">
        <thead class="hidden">
          <tr>
            <th>{t.shortcuts.key}</th>
            <th>{t.shortcuts.does}</th>
          </tr>
        </thead>
        <tbody>
          {t.shortcuts.list.map(([key, does]) => (
            <tr key={key}>
              <td>
                <kbd>{key}</kbd>
              </td>
              <td>{does}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <label class="check">
        <input type="checkbox" checked={enabled} onChange={(event) => toggle(event.currentTarget.checked)} />
        {t.shortcuts.enabled}
      </label>
    </Dialog>
  );
}
