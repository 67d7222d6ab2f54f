import { NoToolchain } from '../../system/fence/toolchain.ts';
import { MountPointTaken } from '../../system/fence/mount-points.ts';
import { Refusal } from './refusal.ts';

/** Why a compiler of this machine cannot work on a client's own files, for the client. */
export function refusalOfRoot(error: unknown): Refusal | undefined {
  if (error instanceof NoToolchain || error instanceof MountPointTaken)
    return new Refusal('no_private_root', `no compile from source here: ${error.message}`);
  return undefined;
}
