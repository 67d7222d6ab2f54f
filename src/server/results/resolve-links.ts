/** More links than this on the way to one path go round in circles. */
const mostLinks = 40;

/**
 * The absolute path without links, `.` and `..` of an absolute path in a tree with these links; undefined when links go
 * round in circles. Whether anything is there is not asked.
 */
export function resolveLinks(path: string, links: ReadonlyMap<string, string>): string | undefined {
  const waiting = path.split('/').reverse();
  let resolved = '';
  let left = mostLinks;
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
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
