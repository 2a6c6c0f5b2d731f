/** The bundle of child.ts as text, and its SHA-256. build.mjs writes the JavaScript of this file. */
export declare const childCode: string;
export declare const childSha256: string;
