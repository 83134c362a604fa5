import { type RefObject, useEffect, useRef, useState } from "react";

export interface View {
  readonly top: number;
  readonly height: number;
}

/** What of a scrolled box is in view, kept up to date. */
export function useView(): { box: RefObject<HTMLDivElement | null>; view: View } {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>({ top: 0, height: 800 });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);
  return { box, view };
}
