/** The behaviour of each host in one edge case. Cells are Markdown without line ends. */
export type ComparisonRow = Readonly<{
  id: string;
  /** The action of the plugin or the caller. */
  case: string;
  /** Extism's native runtime; called through `Plugin::call`, where its language bindings differ. */
  native: string;
  /** The Go SDK. Left out where it behaves as native. */
  go?: string;
  /** The official JS SDK, without a worker. Left out where it behaves as native. */
  js?: string;
}> &
  // The type requires a reason for every difference of plugboard.
  Readonly<{ plugboard: string; why: string } | { plugboard?: undefined; why?: undefined }>;

export interface ComparisonTopic {
  title: string;
  intro: string;
  /** The part of Extism's native runtime that is compared: a label of the links of docs/ABI.md. */
  source: 'kernel' | 'pdk' | 'plugin' | 'manifest';
  rows: readonly ComparisonRow[];
}

/** A matter of security of another host. Its authors are told first, so the row has no details. */
export const DIFFERS = 'differs';
/** For a row about plugboard alone. */
export const NOT_COMPARED = { native: 'not compared', go: 'not compared', js: 'not compared' };
