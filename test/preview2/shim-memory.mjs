// By its path, because on Node, Deno and Bun the name means the build for Node.
export {
  createFilesystem,
  InMemoryFilesystemAdapter,
} from './node_modules/@bytecodealliance/preview2-shim/dist/browser/filesystem.js';
