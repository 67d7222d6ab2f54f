/** Tells how far a count has come: on a terminal in one line that is drawn again, elsewhere in a few lines. */
export function startProgress(title: string, total: number): (finished: number) => void {
  const terminal = process.stdout.isTTY;
  const tenth = Math.max(1, Math.ceil(total / 4));
  let told = 0;
  return (finished) => {
    const line = `${title}: ${finished} of ${total}`;
    if (terminal) process.stdout.write(`\r${line}${finished === total ? '\n' : ''}`);
    else if (finished === total || finished >= told + tenth) {
      told = finished;
      console.log(line);
    }
  };
}
