// Reading a file of users: which format it is, its columns and rows, and how to send some of them.

/** What a column may be. The API's rules for each are in the README. */
export const FIELDS = [
  "email",
  "username",
  "full_name",
  "is_active",
  "is_superuser",
  "created_at",
  "password",
  "password_hash",
] as const;
export type Field = (typeof FIELDS)[number];
/** The field of each column, or nothing where the column is left out. */
export type Mapping = (Field | "")[];

export interface Table {
  columns: string[];
  length: number;
  /** What a person sees in a cell. */
  cell: (row: number, column: number) => string;
  /** Rows as a request body. */
  encode: (rows: number[], mapping: Mapping) => { type: string; body: string };
  /** About how many characters a row has. */
  size: (row: number) => number;
}

export class Unreadable extends Error {}

/** UTF-8, or UTF-16 with its mark, or else what Windows writes in Western Europe. */
export function decode(bytes: ArrayBuffer): string {
  const [first, second] = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

export function read(text: string): Table {
  const start = text.trimStart()[0];
  if (start === "[") return objects(parse(text) as unknown[]);
  if (start === "{") {
    const lines = text.split(/\r?\n/).filter((line) => line.trim());
    return objects(lines.map((line, index) => parse(line, index + 1)));
  }
  return cells(text);
}

function parse(text: string, line?: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Unreadable(line ? `${line}: ${(error as Error).message}` : (error as Error).message);
  }
}

function objects(items: unknown[]): Table {
  const rows = items.map((item, index) => {
    if (typeof item === "object" && item !== null && !Array.isArray(item)) return item as Record<string, unknown>;
    throw new Unreadable(`${index + 1}`);
  });
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const text = (value: unknown) => (value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));
  return {
    columns,
    length: rows.length,
    cell: (row, column) => text(rows[row]?.[columns[column]!]),
    size: (row) => JSON.stringify(rows[row]).length,
    encode: (numbers, mapping) => ({
      type: "application/x-ndjson",
      body: numbers
        .map((number) => {
          const pairs = columns.map((column, index) => [mapping[index], rows[number]![column]] as const);
          return JSON.stringify(Object.fromEntries(pairs.filter(([field, value]) => field && value !== undefined)));
        })
        .join("\n"),
    }),
  };
}

/** A cell as the file has it: with its quotes, which tell the text NULL from no value. */
type Cell = string;

const textOf = (cell: Cell) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);

function cells(text: string): Table {
  const marked = /^\uFEFF?sep=(.)\r?\n/.exec(text);
  const body = text.slice(marked ? marked[0].length : text.startsWith("\uFEFF") ? 1 : 0);
  const delimiter = marked?.[1] ?? delimiterOf(body);
  const [header, ...rows] = split(body, delimiter);
  if (!header) throw new Unreadable("");
  return {
    columns: header.map(textOf),
    length: rows.length,
    cell: (row, column) => textOf(rows[row]?.[column] ?? ""),
    size: (row) => rows[row]!.reduce((sum, cell) => sum + cell.length + 1, 0),
    encode: (numbers, mapping) => {
      const used = mapping.flatMap((field, index) => (field ? [index] : []));
      const lines = numbers.map((number) => used.map((index) => safe(rows[number]![index] ?? "")).join(","));
      return { type: "text/csv", body: [used.map((index) => mapping[index]).join(","), ...lines].join("\r\n") };
    },
  };
}

/** A cell between commas: one that had no quotes may need some now. */
const safe = (cell: Cell) => (!cell.startsWith('"') && cell.includes(",") ? `"${cell}"` : cell);

function delimiterOf(text: string): string {
  const line = text.slice(0, text.search(/\r|\n|$/));
  const count = (delimiter: string) => line.split(delimiter).length;
  return [",", ";", "\t"].reduce((best, next) => (count(next) > count(best) ? next : best));
}

/** Records of RFC 4180, without lines that have no text. */
function split(text: string, delimiter: string): Cell[][] {
  const end = delimiter === "\t" ? "\\t" : delimiter === "|" ? "\\|" : delimiter;
  const token = new RegExp(`("(?:[^"]|"")*"|[^"${end}\\r\\n][^${end}\\r\\n]*|)(${end}|\\r\\n|\\r|\\n|$)`, "y");
  const records: Cell[][] = [];
  let record: Cell[] = [];
  while (token.lastIndex < text.length) {
    const start = token.lastIndex;
    const match = token.exec(text);
    if (!match) {
      const line = text.slice(0, start).split(/\r\n|\r|\n/).length;
      throw new Unreadable(`${line}: "`);
    }
    record.push(match[1]!);
    if (match[2] === delimiter) continue;
    if (record.some((cell) => cell.trim())) records.push(record);
    record = [];
  }
  if (record.some((cell) => cell.trim())) records.push(record);
  return records;
}

/** Names that other programs give to the same things. */
const ALIASES: Record<string, Field> = {
  e_mail: "email",
  mail: "email",
  email_address: "email",
  user_name: "username",
  login: "username",
  user: "username",
  name: "full_name",
  display_name: "full_name",
  active: "is_active",
  enabled: "is_active",
  admin: "is_superuser",
  administrator: "is_superuser",
  created: "created_at",
  hashed_password: "password_hash",
};

/** The fields that columns most likely are, each once. */
export function guess(columns: string[]): Mapping {
  const taken = new Set<Field>();
  return columns.map((column) => {
    const name = column.trim().toLowerCase().replaceAll(/[\s-]+/g, "_");
    const field = FIELDS.find((field) => field === name) ?? ALIASES[name];
    if (!field || taken.has(field)) return "";
    taken.add(field);
    return field;
  });
}

/** Rows as a CSV file for people: with what was wrong, and with no cell that a spreadsheet takes for a formula. */
export function toCsv(header: string[], rows: string[][]): string {
  const cell = (text: string) => {
    const guarded = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
  };
  return [header, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
