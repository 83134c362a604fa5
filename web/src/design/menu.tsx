import { type ReactNode, useEffect, useRef } from "react";

/** A button that opens a panel; a click elsewhere, focus elsewhere or Escape closes it. */
export function Menu({ label, children }: { label: string; children: ReactNode }) {
  const place = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const menu = place.current;
      const isInside = event.target instanceof Node && menu?.contains(event.target);
      if (menu && (!isInside || (event instanceof KeyboardEvent && event.key === "Escape"))) menu.open = false;
    };
    const kinds = ["pointerdown", "focusin", "keydown"] as const;
    for (const kind of kinds) document.addEventListener(kind, close);
    return () => kinds.forEach((kind) => document.removeEventListener(kind, close));
  }, []);
  return (
    <details ref={place} className="menu">
      <summary>{label}</summary>
      <div className="items">{children}</div>
    </details>
  );
}
