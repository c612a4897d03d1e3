export { askForRepositories, type Finding } from './askForRepositories';
export { FollowedOwners, type FollowedOwner } from './FollowedOwners';
export {
  listRepositories,
  type ListingOrder,
  type RepositoryPage,
} from './listRepositories';
export { PageSize } from './PageSize';
export type { FoundRepository } from './repositoryFragment';
