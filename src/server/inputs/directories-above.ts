/** The directories above a path, the outermost first, without the root. */
export function* directoriesAbove(path: string): Generator<string> {
  for (let end = path.indexOf('/', 1); end !== -1; end = path.indexOf('/', end + 1)) yield path.slice(0, end);
}
