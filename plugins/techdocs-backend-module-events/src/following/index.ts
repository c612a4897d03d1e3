export { BuildFollower, type FollowedParts } from './BuildFollower';
export type { BuildStep } from './Build';
