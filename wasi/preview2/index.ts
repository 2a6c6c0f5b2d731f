/** The entry of `plugboard/wasi/preview2`: lets preview 1 programs use the file systems of any WASI 0.2 implementation. */
export { descriptorFs, preview2Preopens } from './descriptor-fs.ts';
export type {
  Preview2Datetime,
  Preview2Descriptor,
  Preview2DescriptorStat,
  Preview2DirectoryEntryStream,
  Preview2NewTimestamp,
  Preview2Preopens,
} from './types.ts';
