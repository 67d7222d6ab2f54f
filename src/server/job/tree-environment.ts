/** The client's variables that compilers go by and that are harmless: where headers are, and which time it is. */
const permitted = /^(?:C_INCLUDE_PATH|CPATH|CPLUS_INCLUDE_PATH|OBJC_INCLUDE_PATH|SOURCE_DATE_EPOCH)=/;
/** The name of a locale; a path would have a file of the client's read for it. */
const language = /^(LANG|LANGUAGE|LC_[A-Z]+)=([\w.@:+-]*)$/;

/** The name of a locale as systems list it: `de_DE.UTF-8` is `de_DE.utf8`. */
const listed = (locale: string): string =>
  locale.replace(/\.[^@]*/, (charset) => `.${charset.toLowerCase().replace(/[^a-z\d]/g, '')}`);

/**
 * The client's language, with what there is on this server. A compiler that lacks a locale would quote names in ASCII:
 * one for UTF-8 is always there, in which messages may have any language.
 */
function languageVariables(clients: readonly string[], locales: ReadonlySet<string>): string[] {
  const wanted = new Map<string, string>();
  for (const variable of clients) {
    const [, name, value] = language.exec(variable) ?? [];
    if (name !== undefined && value !== undefined) wanted.set(name, value);
  }
  const isLacking = (locale: string): boolean => /\.utf-?8/i.test(locale) && !locales.has(listed(locale));
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
    ...own.filter((variable) => !/^(?:LANG|LANGUAGE|LC_[A-Z]+|PWD)=/.test(variable)),
    // Compilers name it in an object, by the links that it was entered by.
    `PWD=${directory}`,
    ...clients.filter((variable) => permitted.test(variable)),
    ...languageVariables(clients, locales),
  ];
}
