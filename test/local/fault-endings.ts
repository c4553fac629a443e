import type { ViewerEnding, ViewerFormat } from './viewer-formats.ts';

/**
 * How an answer may end that meets these faults.
 *
 * @param names without their values
 * @param isReached whether it is longer than every place where a fault has something happen; else that is left open
 */
export function endingsOf(
  names: readonly string[],
  format: ViewerFormat,
  isReached: boolean,
): ReadonlySet<ViewerEnding> {
  const has = (...some: readonly string[]): boolean => some.some((name) => names.includes(name));
  const isRefused = has('edge-error', 'relay-throttle', 'error', 'throttle');
  const breaksAtViewer = has('relay-cut-after', 'relay-crash-after', 'leave-after');
  const breaksAtAgent = has('cut-after', 'end-after', 'crash-after') && !isRefused;
  const endings = new Set<ViewerEnding>();
  if (breaksAtViewer) {
    endings.add('cut');
  }
  if (isRefused) {
    endings.add('refused');
  }
  if (breaksAtAgent) {
    // What the agent's bytes mean is not looked at where they pass untouched: a clean end is one.
    endings.add(has('end-after') && format.name === 'original' ? 'whole' : 'error');
  }
  if (breaksAtAgent && has('end-after') && has('cut-after', 'crash-after')) {
    endings.add('error');
  }
  if (!isRefused && !(isReached && (breaksAtViewer || breaksAtAgent))) {
    endings.add('whole');
  }
  if (!isReached && breaksAtAgent && has('end-after') && format.name === 'original') {
    // The same, in the middle of a message; or before the first, with no end at all.
    endings.add('error').add('invalid');
  }
  return endings;
}
