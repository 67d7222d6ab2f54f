/** The client's variables that compilers go by and that are harmless: where headers are, which time it is, language. */
const permitted = /^(?:C_INCLUDE_PATH|CPATH|CPLUS_INCLUDE_PATH|OBJC_INCLUDE_PATH|SOURCE_DATE_EPOCH)=/;
/** The name of a locale; a path would have a file of the client's read for it. */
const language = /^(?:LANG|LANGUAGE|LC_[A-Z]+)=[\w.@:+-]*$/;

/** Whether a client's variable, as NAME=value, may go to a compiler that works on its tree. */
const isTreeVariable = (variable: string): boolean => permitted.test(variable) || language.test(variable);

/**
 * The environment of a compiler that works in a directory of a client's tree, as NAME=value: the service's own, in the
 * client's language instead of its own, and the client's variables that are permitted.
 */
export function treeEnvironment(own: readonly string[], clients: readonly string[], directory: string): string[] {
  return [
    ...own.filter((variable) => !/^(?:LANG|LANGUAGE|LC_[A-Z]+|PWD)=/.test(variable)),
    // Compilers name it in an object, by the links that it was entered by.
    `PWD=${directory}`,
    ...clients.filter((variable) => isTreeVariable(variable)),
  ];
}
