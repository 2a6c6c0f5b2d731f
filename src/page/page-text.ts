/** The page as one file, and the Content-Security-Policy with the hashes of its script and style. build.mjs writes the JavaScript of this file. */
export declare const pageText: { readonly html: string; readonly policy: string };
