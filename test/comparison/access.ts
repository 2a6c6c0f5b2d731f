import { type ComparisonTopic, DIFFERS } from './row.ts';

const SAME_EDGE =
  'Every access outside the memory behaves alike: loads return 0, stores do nothing. No address wraps around or traps.';

export const access: ComparisonTopic = {
  title: 'Loads and stores',
  source: 'kernel',
  intro:
    'How `load_u8`, `load_u64`, `store_u8` and `store_u64` behave outside blocks. The end of the memory is the first address ' +
    'that they do not reach. Natively this is the end of the whole memory, first at 1 MiB. Here it is the end of the last page ' +
    '(64 KiB) that a block of this call has reached, and of the first page before there are blocks.',
  rows: [
    {
      id: 'access-words',
      case: 'a word at any address of a block',
      native: 'eight bytes, little endian, unaligned or not',
    },
    { id: 'access-byte', case: '`store_u8` of a value above 255', native: 'stores its low byte' },
    {
      id: 'load-freed',
      case: 'a load from a freed block',
      native: 'the old bytes, until the block is used again',
      js: '`load_u8` returns 0, `load_u64` ends the call with a `TypeError`',
    },
    { id: 'store-freed', case: 'a store to a freed block', native: 'stores', js: 'nothing' },
    {
      id: 'access-past-block',
      case: 'an access past the end of a block, inside the memory',
      native: 'the bytes that are there',
      js: 'a `RangeError` ends the call',
    },
    {
      id: 'access-unreached',
      case: 'an access to a page of the memory that no block of this call has reached',
      native: 'the bytes that are there',
      js: 'a `RangeError` ends the call',
      plugboard: '0, nothing',
      why: 'Memory that no plugin could write to is zero, so a new block there need not be zeroed.',
    },
    {
      id: 'access-end',
      case: '`load_u8` and `store_u8` at the end of the memory',
      native: 'trap: the check is off by one',
      js: 'a `RangeError` ends the call',
      plugboard: '0, nothing',
      why: SAME_EDGE,
    },
    {
      id: 'access-word-end',
      case: '`load_u64` and `store_u64` with their last byte at the end',
      native: 'trap: the check is off by one',
      js: 'a `RangeError` ends the call',
      plugboard: '0, nothing',
      why: SAME_EDGE,
    },
    {
      id: 'access-beyond',
      case: 'an access farther beyond, at any address up to 2^64 − 1',
      native: '0, nothing',
      go: 'bytes as native; words end the call',
      js: 'a `RangeError` ends the call; from 2^63 on bytes are 0 and a word ends it with a `TypeError`',
    },
    {
      id: 'access-wrap',
      case: 'an access at 2^32 + the address of a block',
      native: '0, nothing',
      go: 'bytes as native; the address of a word wraps around, so it is read from the block',
      js: 'a `RangeError` ends the call',
    },
    {
      id: 'access-low',
      case: 'an access below 64, words up to 56',
      native: '0, nothing',
      go: DIFFERS,
      js: '`load_u8(0)` is 0, else a `RangeError` ends the call',
    },
    {
      id: 'access-low-word',
      case: '`load_u64` and `store_u64` at 57 to 63',
      native: DIFFERS,
      js: 'a `RangeError` ends the call',
      plugboard: '0, nothing',
      why: 'Words, like bytes, start at 64: the first 64 bytes cannot be reached.',
    },
  ],
};
