/** Returns a function that makes the value once, when it is called first: jsdom has no `TextEncoder` until a program sets it. */
export const lazily = <T extends object>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
};
