/** The only provider of portals that follow GitHub. */
export const providerName = 'github-provider:default';

/** Tasks of such portals that run when they are told to: the scan, and the look for webhooks that did not arrive. */
export const scanTask = `${providerName}:refresh`;
export const recoveryTask = 'callboard-github-recovery';
