// `npm run bench -- [--quick]`: makes the checkout ready and runs the measurements of bench/bench.ts in this process.
import { runTool } from './setup.mjs';

await runTool('bench');
