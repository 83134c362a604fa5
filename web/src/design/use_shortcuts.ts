import { useEffect } from "react";

/** "/" goes to the search, Escape closes what is open. */
export function useShortcuts(focusSearch: () => void, close: () => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof HTMLInputElement && event.target.type === "search";
      if (event.key === "/" && !isTyping) {
        event.preventDefault();
        focusSearch();
      } else if (event.key === "Escape") {
        close();
      }
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [focusSearch, close]);
}
