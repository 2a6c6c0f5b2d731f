/** Inputs that once broke a rule, as `npm run fuzz` printed them. `npm test` runs them. */
export const FOUND: readonly { target: string; was: string; input: unknown }[] = [];
