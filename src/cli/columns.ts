/** Two columns; a second one of several lines stays in its column. */
export function columns(rows: readonly (readonly [head: string, text: string])[]): string {
  const width = Math.max(...rows.map(([head]) => head.length));
  return rows
    .map(([head, text]) => `  ${head.padEnd(width)}  ${text.replaceAll('\n', `\n${' '.repeat(width + 4)}`)}`)
    .join('\n');
}
