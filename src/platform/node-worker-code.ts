/** The bundle of worker-node.ts as text. build.mjs writes the JavaScript of this file. */
export declare const workerCode: string;
