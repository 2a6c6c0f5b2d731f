import {
  anything,
  count,
  list,
  object,
  orNull,
  plain,
  record,
  type Shape,
  tuple,
} from '../../values/shape.ts';

// Shapes of the lines of a journal or log. A line whose checksum is right may have been written by anybody.

export const positions = record(count);

const trace = object({ causes: list(plain), hops: count }, { traceparent: plain, together: count });
/** A value with the paths of bytes in it. */
const holder = (value: Shape) => object({ value }, { bytes: anything });
// A message is checked when it is read.
const message = holder(anything);
const state = holder(record(anything));
const step = { source: plain, position: count };
const letter = object({
  letter: holder(
    object(
      { node: plain, port: plain, code: plain, error: plain, read: list(object({ ...step, port: plain })) },
      { traceparent: plain, recording: plain },
    ),
  ),
  message,
  packet: record(message),
});

export const commit = object(
  { commit: count, synced: count, number: count },
  {
    read: positions,
    state,
    sent: list(object({ to: list(plain), message, trace })),
    dead: list(letter),
    redriven: object({ ...step, node: plain }),
    id: tuple(plain, plain),
    attempts: count,
  },
);

export const packet = object({ source: plain, number: count, message, trace });

export const snapshot = object(
  {
    plugboard: plain,
    version: count,
    node: orNull(plain),
    epoch: count,
    commit: count,
    number: count,
    positions,
    latest: positions,
    packets: count,
    ids: record(list(plain)),
  },
  { state, dead: list(letter), attempts: count },
);
