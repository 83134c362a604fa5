import { useEffect, useState } from "react";
import { Segments } from "./segments.tsx";

type Theme = "system" | "light" | "dark";

const CHOICES = [
  { value: "system", label: "Auto", title: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
] as const;

/** Light, dark, or what the system says. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>("system");
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  return <Segments label="Colours" choices={CHOICES} value={theme} onChange={setTheme} />;
}
