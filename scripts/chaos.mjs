// `npm run chaos -- [MINUTES]`: makes the checkout ready and runs proof/chaos/chaos.ts in this process.
import { runTool } from './setup.mjs';

await runTool('chaos');
