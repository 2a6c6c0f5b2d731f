// @ts-expect-error: this build of msgpackr, the one without eval, comes without types.
import msgpackr from 'msgpackr/index-no-eval';

/** Where an extension may write: `size` bytes from `position` on. */
export type Allocate = (size: number) => { target: Uint8Array; position: number };

export interface Extension<T> {
  /** 1 to 127. */
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

/** What we use of msgpackr. The build puts its code here, so that nothing is to be installed: build.mjs. */
export const { Packr, addExtension } = msgpackr as Msgpackr;
