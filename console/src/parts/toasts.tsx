// Short messages about what was done, some with a way back.
import { useEffect, useState } from "preact/hooks";
import { t } from "../texts";

interface Toast {
  id: number;
  text: string;
  undo?: () => void;
}

const VISIBLE_MILLISECONDS = 10_000;
let toasts: Toast[] = [];
let next = 0;
let tell = () => {};

const change = (list: Toast[]) => {
  toasts = list;
  tell();
};
const remove = (id: number) => change(toasts.filter((toast) => toast.id !== id));

export function toast(text: string, undo?: () => void) {
  const id = next++;
  change([...toasts.slice(-2), { id, text, undo }]);
  // What can be undone stays until somebody closes it or another comes.
  if (!undo) setTimeout(() => remove(id), VISIBLE_MILLISECONDS);
}

export function Toasts() {
  const [shown, setShown] = useState(toasts);
  useEffect(() => {
    tell = () => setShown(toasts);
    tell();
  }, []);
  return (
    <div class="toasts" role="status">
      {shown.map(({ id, text, undo }) => (
        <div key={id} class="toast">
          <span>{text}</span>
          {undo && (
            <button
              type="button"
              onClick={() => {
                remove(id);
                undo();
              }}
            >
              {t.user.undo}
            </button>
          )}
          <button type="button" class="plain" aria-label={t.close} onClick={() => remove(id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
