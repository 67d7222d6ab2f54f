/**
 * The versions of the protocol (doc/protocol.md, "Versions"): 1 sends bodies as they are, 2 packs them with
 * LZO1X, 3 packs them too and sends a source's files instead of its preprocessed text.
 */
export type ProtocolVersion = 1 | 2 | 3;
