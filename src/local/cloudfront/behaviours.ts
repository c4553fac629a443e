import type { DeployedBehaviour } from '../template/deployment.ts';

/** The behaviour for a path: the first whose pattern matches; the default, `*`, is the last. */
export function selectBehaviour(behaviours: readonly DeployedBehaviour[], uri: string): DeployedBehaviour {
  const behaviour = behaviours.find(({ pathPattern }) => matchesPath(pathPattern, uri));
  if (behaviour === undefined) {
    throw new TypeError(`no behaviour matches "${uri}": a distribution always has a default`);
  }
  return behaviour;
}

/** `*` is any run of characters, `?` exactly one; case counts; the leading slash may be missing (CloudFront, Path pattern). */
function matchesPath(pattern: string, uri: string): boolean {
  const expression = pattern
    .replace(/^\//u, '')
    .replace(/[.+^${}()|[\]\\]/gu, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 'su').test(uri.replace(/^\//u, ''));
}
