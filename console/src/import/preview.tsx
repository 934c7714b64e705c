// The first rows of a file, those with mistakes before all others, and what each column is.
import { Foreign } from "../parts/basics";
import { format, t } from "../texts";
import type { Field, Mapping, Table } from "./file";
import type { Problems } from "./run";

const SHOWN = 50;
/** Nobody reads over somebody's shoulder what is secret. */
const SECRET: readonly string[] = ["password", "password_hash"] satisfies Field[];

interface Props {
  table: Table;
  mapping: Mapping;
  fields: readonly Field[];
  problems: Problems;
  isFixed: boolean;
  onChange: (mapping: Mapping) => void;
}

export function Preview({ table, mapping, fields, problems, isFixed, onChange }: Props) {
  const wrong = Object.keys(problems).map(Number);
  const rows = wrong.length > 0 ? wrong.slice(0, SHOWN) : Array.from({ length: Math.min(table.length, SHOWN) }, (_, row) => row);
  const choose = (column: number, field: string) =>
    onChange(mapping.map((old, index) => (index === column ? (field as Field) : old === field ? "" : old)));
  return (
    <>
      <p class="quiet">{wrong.length > 0 ? t.import.wrongRows(rows.length, wrong.length) : t.import.firstRows(rows.length)}</p>
      <div class="scroll" tabIndex={0} role="region" aria-label={t.import.preview}>
        <table class="preview compact">
          <caption class="hidden">{t.import.preview}</caption>
          <thead>
            <tr>
              <th scope="col">{t.import.row}</th>
              {table.columns.map((column, index) => (
                <th key={index} scope="col">
                  <label>
                    <Foreign>{column || t.none}</Foreign>
                    <br />
                    <select
                      value={mapping[index]}
                      disabled={isFixed}
                      onChange={(event) => choose(index, event.currentTarget.value)}
                    >
                      <option value="">{t.import.leaveOut}</option>
                      {fields.map((field) => (
                        <option key={field} value={field}>
                          {t.fields[field]}
                        </option>
                      ))}
                    </select>
                  </label>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => {
              const ofRow = problems[row] ?? [];
              const others = ofRow.filter(({ field }) => !mapping.includes(field as Field));
              return (
                <tr key={row}>
                  <th scope="row">
                    {format.number(row + 1)}
                    {others.map(({ message }) => (
                      <span key={message} class="problem">
                        {" "}
                        {message}
                      </span>
                    ))}
                  </th>
                  {table.columns.map((_, column) => {
                    const field = mapping[column];
                    const messages = ofRow.filter((problem) => field && problem.field === field);
                    const text = table.cell(row, column);
                    return (
                      <td key={column} class={messages.length > 0 ? "wrong" : undefined}>
                        {field && SECRET.includes(field) ? text && "••••••••" : <Foreign>{text}</Foreign>}
                        {messages.map(({ message }) => (
                          <span key={message} class="problem">
                            {message}
                          </span>
                        ))}
                      </td>
                    );
                  })}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </>
  );
}
