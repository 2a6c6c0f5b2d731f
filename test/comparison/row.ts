/** What one edge case does on each host. Cells are Markdown without line ends. */
export type ComparisonRow = Readonly<{
  id: string;
  /** What the plugin or the caller does. */
  case: string;
  /** Extism's native runtime, through `Plugin::call` where the languages it is bound to differ. */
  native: string;
  /** The Go SDK. Left out where it does as native. */
  go?: string;
  /** The official JS SDK, in the foreground. Left out where it does as native. */
  js?: string;
}> &
  // What plugboard does otherwise has a reason, by type.
  Readonly<{ plugboard: string; why: string } | { plugboard?: undefined; why?: undefined }>;

export interface ComparisonTopic {
  title: string;
  intro: string;
  rows: readonly ComparisonRow[];
}
