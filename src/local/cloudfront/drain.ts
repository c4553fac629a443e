/** Reads a body to its end for nobody: CloudFront has hung up, and the function, which is not told, runs on. */
export function drain(body: AsyncIterable<Uint8Array>): void {
  const iterator = body[Symbol.asyncIterator]();
  const readAll = async (): Promise<void> => {
    while ((await iterator.next()).done !== true);
  };
  // What goes wrong meanwhile is the function's own affair: nobody is there to hear it.
  readAll().catch(() => undefined);
}
