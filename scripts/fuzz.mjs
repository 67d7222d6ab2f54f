// `npm run fuzz -- MINUTES [TARGET]`: makes the checkout ready and runs proof/fuzz/fuzz.ts in this process.
import { runTool } from './setup.mjs';

await runTool('fuzz');
