// Changes the given files of src in many small ways and names the changes that no unit test notices: npm run mutate --
// FILE...
import { spawnSync } from 'node:child_process';
import process from 'node:process';

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('name the files to change: npm run mutate -- src/server/policy/access-list.ts');
  process.exit(2);
}
const { status } = spawnSync('node_modules/.bin/stryker', ['run', '--mutate', files.join(',')], { stdio: 'inherit' });
process.exit(status ?? 1);
