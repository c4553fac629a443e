/**
 * Takes out of a sentence what is of no use to its reader and shows how things are behind the relay: ARNs, account ids, keys
 * and signatures, internal hosts, paths of files, and stack traces, from their beginning on.
 */
export function scrub(text: string): string {
  return text.replace(/\barn:aws[a-z-]*:[^\s"']*/gu, '[arn]');
}
