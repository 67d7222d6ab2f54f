import { statfsSync } from 'node:fs';

/** The numbers of filesystems that only one machine has at a time (statfs(2)): those of src/launcher/inputs.c too. */
export const localFilesystems: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3 and ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0x2fc12fc1, // ZFS
  0xf2f52010, // F2FS
  0xca451a4e, // bcachefs
  0x01021994, // tmpfs
  0x794c7630, // overlayfs
]);

/** Whether a folder is on this machine alone, as far as that is known. */
export function isOnLocalFilesystem(folder: string): boolean {
  try {
    // The kernel's number is signed where a long integer has 32 bits.
    return localFilesystems.has(statfsSync(folder).type >>> 0);
  } catch {
    return false;
  }
}
