/**
 * The inline calls, turns and host functions on the stack of this thread. A turn that they ask for begins later: its time would
 * count for theirs, and a chain of a thousand actors would fill the stack.
 */
export const stack = { depth: 0 };
