/** The release, and a hash of what was built: launchers look for a socket of this name. The build puts it here. */
export const agentVersion = '@AGENT_VERSION@';
