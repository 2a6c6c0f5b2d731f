/** Bytes of a page of wasm memory. */
export const PAGE_BYTES = 65_536;
export const NS_PER_MS = 1_000_000;
/** The longest time that a timer of a JavaScript engine takes, in ms. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;
/** The most bytes that are sent over RPC of Workers, which carries 32 MiB in one message. */
export const MOST_RPC_BYTES: number = 32 * 2 ** 20 - 2 ** 16;

/** Bytes of a text in RPC of Workers: V8 keeps text of Latin-1 in one byte for each character, other text in two. */
export const rpcBytes = (text: string): number => text.length * (/[\u0100-\uffff]/.test(text) ? 2 : 1);

/** Writes a whole number with commas between thousands. `toLocaleString` takes 15 ms the first time, on V8. */
export const withCommas = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');
