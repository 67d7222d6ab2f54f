import type { Steps } from '../../basics/steps.ts';

/** More links than this on the way to one path go round in circles. */
const mostLinks = 40;

/** How much may still be looked up, in characters: links of strangers can make ways long. */
export interface LookUps {
  left: number;
}

/**
 * The absolute path without links, `.` and `..` of an absolute path in a tree with these links, in short steps;
 * undefined when links go round in circles, or nothing is left to look more up. Whether anything is there is not asked.
 */
export function* resolveLinks(
  path: string,
  links: ReadonlyMap<string, string>,
  lookUps: LookUps,
): Steps<string | undefined> {
  const waiting = path.split('/').reverse();
  let resolved = '';
  let left = mostLinks;
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    lookUps.left -= resolved.length + name.length + 1;
    if (lookUps.left < 0) return undefined;
    yield;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      resolved = resolved.slice(0, Math.max(0, resolved.lastIndexOf('/')));
      continue;
    }
    const here = `${resolved}/${name}`;
    const text = links.get(here);
    if (text === undefined) {
      resolved = here;
      continue;
    }
    if ((left -= 1) < 0) return undefined;
    if (text.startsWith('/')) resolved = '';
    waiting.push(...text.split('/').reverse());
  }
  return resolved || '/';
}
