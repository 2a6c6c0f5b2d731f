/** The state in a state file, as it is written there. */
export const stateIn = (file: string): string =>
  /^\{"plugboard":"state","version":1,"module":\{"sha256":"[0-9a-f]{64}"\},"positions":\{\},"state":(.*)\}\n$/.exec(
    file,
  )?.[1] ?? `not a state file: ${file}`;
