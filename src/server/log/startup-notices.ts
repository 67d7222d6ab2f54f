/** Sentences for the administrator that were found at start. */
export type Notices = string[];
