// Form fields with what is wrong beside them.
import { useId } from "preact/hooks";
import { t } from "../texts";

export function TextField(props: {
  name: string;
  value: string | null;
  onInput: (value: string) => void;
  problem?: string;
  hint?: string;
  type?: "text" | "email" | "password";
  isRequired?: boolean;
  isOptional?: boolean;
  isReadOnly?: boolean;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>
        {t.fields[props.name]} {props.isOptional && <span class="quiet">({t.user.optional})</span>}
      </label>
      <input
        id={id}
        name={props.name}
        type={(props.type ?? "text") as "text"}
        dir="auto"
        autocomplete="off"
        spellcheck={false}
        required={props.isRequired}
        readOnly={props.isReadOnly}
        value={props.value ?? ""}
        aria-invalid={props.problem ? true : undefined}
        aria-describedby={`${id}-hint ${id}-problem`}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
      {props.hint && (
        <p id={`${id}-hint`} class="quiet">
          {props.hint}
        </p>
      )}
      <p id={`${id}-problem`} class="problem">
        {props.problem}
      </p>
    </div>
  );
}

export function FlagField(props: {
  name: string;
  value: boolean;
  onChange: (value: boolean) => void;
  isDisabled?: boolean;
  hint?: string;
  problem?: string;
}) {
  const id = useId();
  return (
    <div class="field">
      <label class="check">
        <input
          type="checkbox"
          name={props.name}
          checked={props.value}
          disabled={props.isDisabled}
          aria-describedby={`${id}-hint ${id}-problem`}
          onChange={(event) => props.onChange(event.currentTarget.checked)}
        />
        {t.fields[props.name]}
      </label>
      {props.hint && (
        <p id={`${id}-hint`} class="quiet">
          {props.hint}
        </p>
      )}
      <p id={`${id}-problem`} class="problem">
        {props.problem}
      </p>
    </div>
  );
}

/** Leads people to the first mistake. */
export const focusFirstProblem = () =>
  requestAnimationFrame(() => document.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
