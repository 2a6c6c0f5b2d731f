/** A value that a script passes: its type, and its bits as a text. */
export type Argument = readonly [type: string, bits: string];

/** One command of a script, as `convert` prints it: its kind, its line in the file, and its operands. */
export type Command =
  | readonly [kind: 'module' | 'definition', line: number, name: string | null, hex: string]
  | readonly [kind: 'instance', line: number, instance: string | null, module: string | null]
  | readonly [kind: 'register', line: number, as: string, instance: string | null]
  | readonly [kind: 'invoke', line: number, instance: string | null, field: string, args: readonly Argument[]]
  | readonly [kind: 'get', line: number, instance: string | null, field: string]
  | readonly [kind: 'link', line: number, hex: string];

export interface Script {
  readonly name: string;
  readonly commands: readonly Command[];
}
