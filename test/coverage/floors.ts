/** A folder of sources and the least share of its lines that the suites must run, in percent. */
export interface Floor {
  /** Path of the folder, without its inner folders. */
  room: string;
  floor: number;
  /** The reason for the lines that no suite on Node runs. */
  open?: string;
}

export const FLOORS: readonly Floor[] = [];
