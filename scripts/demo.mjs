// `npm run demo -- [DIR [-- WORDS]]`: makes the checkout ready and runs the demo of demo/demo.ts in this process.
import { runTool } from './setup.mjs';

await runTool('demo');
