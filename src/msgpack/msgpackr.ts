// @ts-expect-error: the build of msgpackr without eval has no types.
import msgpackr from 'msgpackr/index-no-eval';

/** Reserves `size` bytes of `target`, from `position` on, for an extension to write. */
export type Allocate = (size: number) => { target: Uint8Array; position: number };

export interface Extension<T> {
  /** Extension type, 1 to 127. */
  type: number;
  /** Instances are written by `pack`. */
  Class?: new (
    ...args: never[]
  ) => T;
  pack?(value: T, allocate: Allocate): void;
  unpack?(data: Uint8Array): unknown;
}

interface Msgpackr {
  Packr: new (options: {
    useRecords: boolean;
    mapsAsObjects: boolean;
  }) => {
    pack(value: unknown): Uint8Array;
    unpack(bytes: Uint8Array): unknown;
  };
  addExtension<T>(extension: Extension<T>): void;
}

/** The parts of msgpackr that we use. build.mjs copies their code into this module, so that users install no dependency. */
export const { Packr, addExtension } = msgpackr as Msgpackr;
