/** The default port of servers, which IANA has registered for distcc. */
export const defaultPort = 3632;
