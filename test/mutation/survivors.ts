/** A mutant that no suite notices. docs/MUTATION.md lists them. */
export interface Survivor {
  readonly id: string;
  readonly file: string;
  readonly mistake: string;
  /** Why no suite can notice it, or need not. */
  readonly reason: string;
}

/** The result of the last run, as it printed it. */
export const SCORE = { sample: 600, run: 600, killed: 555, timeouts: 10, survived: 35, unexplained: 0 };

export const SURVIVORS: readonly Survivor[] = [
  {
    id: '6edc31b8f9b7',
    file: 'wasi/structs.ts',
    mistake: 'writes the padding of filestat in the other byte order',
    reason: 'all bytes of the padding are 0',
  },
  {
    id: '849f8a5bd412',
    file: 'wasi/functions/path.ts',
    mistake: '`byte >= 0x80` → `byte >= 0x7f` in the reader of short paths',
    reason: 'equivalent: the decoder reads such a path, and returns the same text',
  },
  {
    id: '6683fd7391ea',
    file: 'abi/memory.ts',
    mistake: '`retire` without its check of the handle',
    reason: 'equivalent: its only caller has checked the handle',
  },
  {
    id: 'a5a4171de131',
    file: 'abi/utf8.ts',
    mistake: '`3 * 1024` → `4 * 1024` bytes of the buffer for short texts',
    reason: 'equivalent: longer texts use the buffer too, with the same bytes',
  },
  {
    id: '5ecec6b48377',
    file: 'abi/kernel.ts',
    mistake: 'writes a negative length as 65 bits in the message of INVALID_RANGE',
    reason: 'tests fix the code of a diagnostic, and not its words',
  },
  {
    id: '8ce6c490a055',
    file: 'abi/block-table.ts',
    mistake: '`group + 1` → `group + 2` words in the directory of block records',
    reason: 'equivalent: the directory has one word more than it needs',
  },
  {
    id: '864e01362699',
    file: 'wasi/preview2/descriptor-fs.ts',
    mistake: 'device number 0 in place of 1',
    reason: 'equivalent: all files have the same number, and programs see the number of the mount beside it',
  },
  {
    id: '9eaff9f590f1',
    file: 'wasi/provided/sinks.ts',
    mistake: 'the buffer of a long line grows by the bytes of each write, and is not doubled',
    reason: 'equivalent but for speed',
  },
  {
    id: '00f703b83b23',
    file: 'abi/http.ts',
    mistake: 'quotes a method that is not text as if it were text',
    reason: 'tests fix the code of an error, and not its words',
  },
  {
    id: '44de4c81ba07',
    file: 'abi/brands.ts',
    mistake: '`isErrorOf` answers true for an error whose name throws',
    reason: 'the file is a copy of wasi/brands.ts, which a test compares; the suites find the mistake there',
  },
  {
    id: '38b12f29716f',
    file: 'abi/brands.ts',
    mistake: '`===` → `!==` in the choice of getters for a view',
    reason: 'the file is a copy of wasi/brands.ts, which a test compares; the suites find the mistake there',
  },
  {
    id: '62d3d2ea8dc5',
    file: 'wasi/functions/path.ts',
    mistake: '`+=` → `-=` in the reader of short paths',
    reason: 'equivalent but for speed: the sum is not a text, and the decoder reads the path',
  },
  {
    id: '4f26c69b20a3',
    file: 'abi/opcodes.ts',
    mistake: 'opcode 77 → 76 in the probe for vectors',
    reason: 'equivalent: 76 is an instruction of vectors too',
  },
  {
    id: '1b5f4aded287',
    file: 'abi/block-table.ts',
    mistake: 'five bytes for each group in the directory of block records',
    reason: 'equivalent: the directory is larger than it needs to be',
  },
  {
    id: '879b9654dd23',
    file: 'wasi/files/memory-copies.ts',
    mistake: '-1 writes of an entry that is not a file',
    reason: 'equivalent: the number is compared with itself',
  },
  {
    id: 'fde84868d2f3',
    file: 'wasi/provided/web.ts',
    mistake: '`Atomics.wait` with 1 in the probe for threads that may wait',
    reason: 'equivalent: a thread that may not wait throws for every value',
  },
  {
    id: '251e21a99556',
    file: 'wasi/provided/web.ts',
    mistake: '`<` → `<=` over the pieces of random bytes',
    reason: 'equivalent: one more piece, of no bytes',
  },
  {
    id: 'b750c54b0558',
    file: 'abi/memory.ts',
    mistake: '`end - start` → `end + start` where bytes are zeroed',
    reason: 'equivalent but for speed',
  },
  {
    id: 'add248da2302',
    file: 'abi/size-classes.ts',
    mistake: '`17` → `16` size classes after the powers of two',
    reason: 'equivalent: no block has the largest class',
  },
  {
    id: '96018ec0037e',
    file: 'abi/memory.ts',
    mistake: '`>` → `>=` where a block ends with the pages that plugins reach',
    reason: 'equivalent: the slower path is taken, and finds nothing to zero',
  },
  {
    id: 'c2d86c0e6d0b',
    file: 'wasi/seen.ts',
    mistake: '`&&` → `||` in the search for the count of written bytes',
    reason: 'equivalent: in every function that writes bytes, the first number that it writes is their count',
  },
  {
    id: 'd8727a2fd7ce',
    file: 'wasi/functions/path.ts',
    mistake: 'paths of up to 65 bytes in place of 64 are read by the loop',
    reason: 'equivalent: the loop and the decoder return the same text',
  },
  {
    id: 'b7ccbe550b5c',
    file: 'wasi/seen.ts',
    mistake: 'a missing memory is bound too',
    reason: 'equivalent: a memory bound to `undefined` holds no bytes, as one that is not bound',
  },
  {
    id: 'c2b9157129a2',
    file: 'abi/block-table.ts',
    mistake: '1 in place of 0 in the link of a retired block',
    reason:
      'equivalent: no link below `LIVE` belongs to a block in use, and nothing follows the link of a retired block',
  },
  {
    id: '5a632e785fca',
    file: 'abi/block-table.ts',
    mistake: 'a buffer of records grows by the words of each group, and is not doubled',
    reason: 'equivalent but for speed',
  },
  {
    id: '791b27ae3483',
    file: 'abi/block-table.ts',
    mistake: 'three bytes for each of the first groups in the directory of block records',
    reason: 'equivalent: the directory grows when a group does not fit',
  },
  {
    id: '8fc9a283af90',
    file: 'wasi/functions/path.ts',
    mistake: '`text +=` is missing in the reader of short paths',
    reason: 'equivalent but for speed: the text is too short, and the decoder reads the path',
  },
  {
    id: '71f58ceacbdb',
    file: 'wasi/provided/sinks.ts',
    mistake: '`>` → `>=` for a line that fills its buffer exactly',
    reason: 'equivalent but for speed: the line moves to a larger buffer earlier',
  },
  {
    id: 'e636468ace3c',
    file: 'abi/block-table.ts',
    mistake: '0 in place of -1 for a record that does not exist',
    reason: 'equivalent: no record has the index 0, where the number of the first group is',
  },
  {
    id: '55d1bd840745',
    file: 'wasi/spec/signatures.ts',
    mistake: '-2 in place of -1 where names are sorted',
    reason: 'equivalent: only the sign counts',
  },
  {
    id: 'ebc66832b473',
    file: 'abi/memory.ts',
    mistake: '-1 in place of 0 for the end of stray bytes in a call without them',
    reason: 'equivalent: it is only compared with ends of blocks, and `reset` writes a 0 that is there',
  },
  {
    id: '1966614473de',
    file: 'abi/brands.ts',
    mistake: '`viewBytes` takes every value for one that is not a view',
    reason: 'the file is a copy of wasi/brands.ts, which a test compares; the suites find the mistake there',
  },
  {
    id: '859f7219003a',
    file: 'wasi/preview1.ts',
    mistake: '-1 in place of 0 for the first argument that is made unsigned',
    reason: 'equivalent: it sets a property of the array that nothing reads',
  },
  {
    id: 'cacdffdb2bad',
    file: 'abi/block-table.ts',
    mistake: 'one word fewer for the records written in the first slot',
    reason: 'equivalent: the first four granules are the header, and never begin a block',
  },
  {
    id: '415ab5ab8656',
    file: 'wasi/files/sparse-bytes.ts',
    mistake: 'a small write within a page does not end at once',
    reason: 'equivalent but for speed: the page is long enough then, and nothing is left to reserve',
  },
];
