/** Why no suite can or need notice a mutant, by its id. docs/MUTATION.md lists them. */
export const survivorReasons: Readonly<Record<string, string>> = {};
