/** A number of bytes as people say it: 300 B, 12 kB, 1.5 MB. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${Math.round(bytes / 1000)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** Whether a cell is a number, with or without a unit. */
const isNumber = (cell: string | number): boolean =>
  typeof cell === 'number' || /^(?:less than )?[\d.]+ ?\w*$/.test(cell);

/** Rows below a heading. Columns are as wide as their longest text; numbers stand at the right, the last column is free. */
export function tableLines(heading: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const right = heading.map((_, at) => rows.every((row) => row[at] === '' || isNumber(row[at] ?? '')));
  const widths = heading.map((name, at) => Math.max(name.length, ...rows.map((row) => String(row[at] ?? '').length)));
  return [heading, ...rows].map((row) =>
    row
      .map((cell, at) => {
        const text = String(cell);
        if (right[at] === true && at < row.length - 1) return text.padStart(widths[at] ?? 0);
        return at === row.length - 1 ? text : text.padEnd(widths[at] ?? 0);
      })
      .join('  ')
      .trimEnd(),
  );
}
