/** The entry of `plugboard/wasi/preview2`: the file systems of any WASI 0.2 implementation below our preview 1. */
export { descriptorFs, preview2Preopens } from './descriptor-fs.ts';
export type {
  Preview2Datetime,
  Preview2Descriptor,
  Preview2DescriptorStat,
  Preview2DirectoryEntryStream,
  Preview2NewTimestamp,
  Preview2Preopens,
} from './types.ts';
