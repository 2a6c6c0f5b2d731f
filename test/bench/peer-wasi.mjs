// Here, so that it is found among the modules of this folder.
export { ConsoleStdout, File, PreopenDirectory, WASI } from '@bjorn3/browser_wasi_shim';
