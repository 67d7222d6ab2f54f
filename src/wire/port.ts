/** Where servers listen, unless they are told otherwise (IANA's registry has it for distcc). */
export const defaultPort = 3632;
