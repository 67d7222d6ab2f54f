/** What is known of the files of a user's compiles; kept across jobs. */
export class HeaderGraph {
  change = 0;
}
