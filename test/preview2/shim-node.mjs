// Here, so that it is found among the modules of this folder.
export { createFilesystem } from '@bytecodealliance/preview2-shim/filesystem';
