/** What the start found out and the administrator should read. */
export type Notices = string[];
