export { catalogPath } from './makeFiles';
export { acme, committer, elsewhere, seedAcme } from './seedAcme';
