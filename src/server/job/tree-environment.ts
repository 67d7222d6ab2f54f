import { compilerVariables, isLanguageVariable } from '../../wire/inputs/variables.ts';

/** The name of a locale; a path would have a file of the client's read for it. */
const locale = /^[\w.@:+-]*$/;

/** A variable's name and value. */
function partsOf(variable: string): [name: string, value: string] {
  const at = variable.indexOf('=');
  return [variable.slice(0, at), variable.slice(at + 1)];
}

const nameOf = (variable: string): string => partsOf(variable)[0];

/** The name of a locale as systems list it: `de_DE.UTF-8` is `de_DE.utf8`. */
const listed = (name: string): string =>
  name.replace(/\.[^@]*/, (charset) => `.${charset.toLowerCase().replace(/[^a-z\d]/g, '')}`);

/**
 * The client's language, with what there is on this server. A compiler that lacks a locale would quote names in ASCII:
 * one for UTF-8 is always there, in which messages may have any language.
 */
function languageVariables(clients: readonly string[], locales: ReadonlySet<string>): string[] {
  const wanted = new Map<string, string>();
  for (const variable of clients) {
    const [name, value] = partsOf(variable);
    if (isLanguageVariable(name) && locale.test(value)) wanted.set(name, value);
  }
  const isLacking = (name: string): boolean => /\.utf-?8/i.test(name) && !locales.has(listed(name));
  const messages = wanted.get('LC_ALL') || wanted.get('LC_MESSAGES') || wanted.get('LANG') || '';
  const given = [...wanted].map(([name, value]) =>
    name !== 'LANGUAGE' && isLacking(value) ? `${name}=C.UTF-8` : `${name}=${value}`,
  );
  if (!isLacking(messages) || wanted.get('LANGUAGE')) return given;
  const [whole = '', short = ''] = /^([^_.@]*)[^.@]*/.exec(messages) ?? [];
  return [...given, `LANGUAGE=${whole}:${short}`];
}

/**
 * The environment of a compiler that works in a directory of a client's tree, as NAME=value: the service's own, in the
 * client's language instead of its own, and the client's variables that are permitted. `locales` are this server's,
 * as locale(1) lists them.
 */
export function treeEnvironment(
  own: readonly string[],
  clients: readonly string[],
  { directory, locales }: { readonly directory: string; readonly locales: ReadonlySet<string> },
): string[] {
  return [
    ...own.filter((variable) => nameOf(variable) !== 'PWD' && !isLanguageVariable(nameOf(variable))),
    // Compilers name it in an object, by the links that it was entered by.
    `PWD=${directory}`,
    ...clients.filter((variable) => compilerVariables.has(nameOf(variable))),
    ...languageVariables(clients, locales),
  ];
}
