/** The names after the target in a rule of make, as `cc -M` writes it; undefined for any other text. */
export function readDependencyRule(text: string): string[] | undefined {
  const start = /^(?:[^:\\\n]|\\.)*:(?=[ \n])/.exec(text);
  if (start === null) return undefined;
  const rule = text.slice(start[0].length).replaceAll('\\\n', ' ');
  const end = rule.indexOf('\n');
  const words = (end === -1 ? rule : rule.slice(0, end)).matchAll(/(?:\\[^]|[^\s\\])+/g);
  const halved = (_: string, hiding: string, letter: string): string =>
    `${'\\'.repeat((hiding.length - 1) / 2)}${letter}`;
  // A backslash hides a blank or "#", and those before it are doubled; elsewhere a backslash is itself.
  return [...words].map(([word]) => word.replaceAll('$$', '$').replaceAll(/(\\+)([\s#])/g, halved));
}
