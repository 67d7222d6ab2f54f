// `npm run soak -- [JOBS]`: makes the checkout ready and runs proof/soak/soak.ts in this process.
import { runTool } from './setup.mjs';

await runTool('soak');
