import type { ReactNode } from "react";

export interface Choice<T> {
  readonly value: T;
  readonly label: ReactNode;
  readonly title?: string;
}

/** A row of buttons of which one is pressed. */
export function Segments<T extends string>(props: {
  label: string;
  choices: readonly Choice<T>[];
  value: T;
  onChange: (value: T) => void;
}) {
  return (
    <span className="segments" role="group" aria-label={props.label}>
      {props.choices.map(({ value, label, title }) => (
        <button key={value} type="button" title={title} aria-pressed={value === props.value} onClick={() => props.onChange(value)}>
          {label}
        </button>
      ))}
    </span>
  );
}
