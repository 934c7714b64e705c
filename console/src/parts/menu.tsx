// A button with something below it, closed by Escape and by a click elsewhere.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Menu(props: { label: ComponentChildren; children: ComponentChildren; isAtEnd?: boolean; isSet?: boolean }) {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const element = details.current!;
    const onClick = (event: MouseEvent) => {
      const target = event.target as Element;
      const isInside = element.contains(target) && !target.closest("a, button");
      if (element.open && !isInside) element.open = false;
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !element.open) return;
      event.preventDefault();
      element.open = false;
      element.querySelector("summary")?.focus();
    };
    addEventListener("click", onClick);
    element.addEventListener("keydown", onKey);
    return () => removeEventListener("click", onClick);
  }, []);
  return (
    <details ref={details} class={`menu${props.isAtEnd ? " end" : ""}${props.isSet ? " set" : ""}`}>
      <summary>{props.label}</summary>
      <div>{props.children}</div>
    </details>
  );
}
